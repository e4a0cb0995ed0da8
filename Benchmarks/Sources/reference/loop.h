#ifndef REFERENCE_LOOP_H
#define REFERENCE_LOOP_H

#include "device.h"
#include "options.h"
#include "random.h"

#include <liburing.h>

/* One thread's ring, with a buffer for each I/O in flight. */
struct loop {
  struct io_uring ring;
  const struct options *options;
  int fd; /* or the number of the registered file */
  uint64_t blocks;
  unsigned char *memory;
  struct random random;
};

/* By the thread that is to run it. */
void set_up_loop(struct loop *loop, const struct options *options, const struct device *device, uint64_t seed);

/* Keeps `depth` I/Os in flight until `limit` are made or the time is over; returns how many were. */
uint64_t turn_loop(struct loop *loop, uint64_t limit);

#endif
