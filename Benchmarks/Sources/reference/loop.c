#define _GNU_SOURCE 1
#include "loop.h"

#include "fail.h"
#include "pages.h"
#include "ring.h"
#include "shapes.h"
#include "span.h"

#include <stdlib.h>

void set_up_loop(struct loop *loop, const struct options *options, const struct device *device, uint64_t seed) {
  loop->options = options;
  loop->fd = options->registers_files ? 0 : device->fd;
  loop->blocks = device->blocks;
  loop->random.state = seed;
  loop->memory = random_pages((uint64_t)options->depth * options->block);
  struct iovec *buffers = calloc(options->depth, sizeof *buffers);
  if (buffers == NULL) fail_errno("memory");
  for (unsigned slot = 0; slot < options->depth; slot++) {
    buffers[slot] = (struct iovec){loop->memory + (uint64_t)slot * options->block, options->block};
  }
  set_up_ring(&loop->ring, options, device, options->depth, buffers, options->depth, false);
  free(buffers);
}

/* Inlined by force: the compiler would not, for it is called twice. */
__attribute__((always_inline)) static inline void prepare(struct loop *loop, unsigned slot) {
  const struct options *options = loop->options;
  /* Never NULL: the queue has a place for every slot. */
  struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);
  void *memory = loop->memory + (uint64_t)slot * options->block;
  uint64_t offset = random_below(&loop->random, loop->blocks) * options->block;
  if (options->registers_buffers) {
    if (options->is_write) io_uring_prep_write_fixed(sqe, loop->fd, memory, options->block, offset, (int)slot);
    else io_uring_prep_read_fixed(sqe, loop->fd, memory, options->block, offset, (int)slot);
  } else {
    if (options->is_write) io_uring_prep_write(sqe, loop->fd, memory, options->block, offset);
    else io_uring_prep_read(sqe, loop->fd, memory, options->block, offset);
  }
  if (options->registers_files) sqe->flags = IOSQE_FIXED_FILE;
  sqe->user_data = slot;
}

uint64_t turn_loop(struct loop *loop, uint64_t limit) {
  uint64_t sent = 0, done = 0;
  int length = (int)loop->options->block;
  for (; sent < loop->options->depth && sent < limit; sent++) prepare(loop, (unsigned)sent);
  while (done < sent) {
    int result = submit_and_wait(&loop->ring);
    if (result < 0) fail("io_uring_enter", -result);
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&loop->ring, head, cqe) {
      if (cqe->res != length) fail_io(loop->options, cqe->res, (uint64_t)length);
      count++;
      if (sent < limit && !is_span_over()) {
        prepare(loop, (unsigned)cqe->user_data);
        sent++;
      }
    }
    io_uring_cq_advance(&loop->ring, count);
    done += count;
  }
  return done;
}

uint64_t run_loop(const struct options *options, const struct device *device) {
  struct loop loop;
  set_up_loop(&loop, options, device, 1);
  begin_span(options);
  uint64_t ios = turn_loop(&loop, span_limit(options));
  end_span();
  return ios;
}
