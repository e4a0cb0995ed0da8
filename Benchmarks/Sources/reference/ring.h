#ifndef REFERENCE_RING_H
#define REFERENCE_RING_H

#include "device.h"
#include "options.h"

#include <liburing.h>

/*
 * Sets up a ring for `entries` I/Os in flight and registers what the options say: the device as file 0, `buffers` as
 * buffers 0 and up, and the ring itself. A ring of one thread is made by that thread.
 */
void set_up_ring(struct io_uring *ring, const struct options *options, const struct device *device, unsigned entries,
                 const struct iovec *buffers, unsigned count, bool is_shared);

/* Submits what was prepared and waits for one completion at least. */
static inline int submit_and_wait(struct io_uring *ring) {
  int result = io_uring_submit_and_wait(ring, 1);
  return result == -EINTR ? 0 : result;
}

#endif
