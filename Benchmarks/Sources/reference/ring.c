#define _GNU_SOURCE 1
#include "ring.h"

#include "fail.h"

#include <errno.h>

void set_up_ring(struct io_uring *ring, const struct options *options, const struct device *device, unsigned entries,
                 const struct iovec *buffers, unsigned count, bool is_shared) {
  /* Several submitters forbid both flags. */
  struct io_uring_params params = {.flags = is_shared ? 0 : IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
  int result = io_uring_queue_init_params(entries, ring, &params);
  if (result < 0) fail("io_uring_setup", -result);
  /* What is registered here is known to this thread only. */
  if (options->registers_ring && !is_shared) {
    result = io_uring_register_ring_fd(ring);
    if (result < 0) fail("registration of the ring", -result);
  }
  if (options->registers_files) {
    result = io_uring_register_files(ring, &device->fd, 1);
    if (result < 0) fail("registration of the file", -result);
  }
  if (options->registers_buffers) {
    result = io_uring_register_buffers(ring, buffers, count);
    if (result < 0) fail("registration of the buffers", -result);
  }
}
