#ifndef YARDSTICK_DEVICE_H
#define YARDSTICK_DEVICE_H

#include "options.h"

/* An open device, and how many blocks of the options' size it has. */
struct device {
  int fd;
  uint64_t blocks;
};

/* O_DIRECT, which Swift does not import. */
extern const int direct_flag;

/* A character device (/dev/null, /dev/zero) counts as 1 GiB. */
struct device open_device(const struct options *options);

#endif
