#ifndef REFERENCE_MEMORY_H
#define REFERENCE_MEMORY_H

#include <stdint.h>

/* `bytes` of page-aligned memory full of random bytes, touched. Kept until the process ends. */
unsigned char *random_memory(uint64_t bytes);

#endif
