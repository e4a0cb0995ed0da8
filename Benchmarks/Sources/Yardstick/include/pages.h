#ifndef YARDSTICK_PAGES_H
#define YARDSTICK_PAGES_H

#include <stdint.h>

/* `bytes` of page-aligned memory full of random bytes, touched. Kept until the process ends. */
unsigned char *random_pages(uint64_t bytes);

#endif
