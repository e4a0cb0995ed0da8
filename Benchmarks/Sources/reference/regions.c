#define _GNU_SOURCE 1
#include "fail.h"
#include "pages.h"
#include "random.h"
#include "ring.h"
#include "shapes.h"
#include "span.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGE = 4096, OP_READV_FIXED = 60, OP_WRITEV_FIXED = 61 };

/* A page list as dm-io takes it. */
struct page_list {
  struct page_list *next;
  void *page;
};

/* Requests in dm-io's shape: the same memory for each of several regions, done when all of them are. */
struct requests {
  struct io_uring ring;
  const struct options *options;
  int fd;
  uint64_t blocks;
  struct random random;
  unsigned char *memory;
  /* For each slot the iovecs of its pages, shared by its regions. */
  struct iovec *vectors;
  /* For each slot its page list, if each request is to walk it. */
  struct page_list *lists;
  unsigned pages;
  /* For each slot the regions that are not done. */
  unsigned *pending;
};

static unsigned char *memory_of(const struct requests *requests, unsigned slot) {
  uint64_t step = requests->options->is_scattered ? 2 : 1;
  return requests->memory + slot * step * requests->options->block;
}

static void set_up(struct requests *requests, const struct options *options, const struct device *device) {
  uint64_t bytes = (uint64_t)options->depth * options->block * (options->is_scattered ? 2 : 1);
  requests->options = options;
  requests->fd = options->registers_files ? 0 : device->fd;
  requests->blocks = device->blocks;
  requests->random.state = 1;
  requests->memory = random_pages(bytes);
  requests->pages = options->block / PAGE;
  requests->vectors = calloc((size_t)options->depth * requests->pages, sizeof *requests->vectors);
  requests->pending = calloc(options->depth, sizeof *requests->pending);
  if (requests->vectors == NULL || requests->pending == NULL) fail_errno("memory");
  for (unsigned slot = 0; slot < options->depth; slot++) {
    for (unsigned page = 0; page < requests->pages; page++) {
      /* Every second page, so that none lies beside another. */
      unsigned char *start = memory_of(requests, slot) + (uint64_t)page * 2 * PAGE;
      requests->vectors[slot * requests->pages + page] = (struct iovec){start, PAGE};
    }
  }
  if (options->is_listed) {
    requests->lists = calloc((size_t)options->depth * requests->pages, sizeof *requests->lists);
    if (requests->lists == NULL) fail_errno("memory");
    for (unsigned index = 0; index < options->depth * requests->pages; index++) {
      bool is_last = index % requests->pages == requests->pages - 1;
      requests->lists[index].page = requests->vectors[index].iov_base;
      requests->lists[index].next = is_last ? NULL : &requests->lists[index + 1];
    }
  }
  /* One buffer for all: a vector of registered memory must lie in one. */
  struct iovec all = {requests->memory, bytes};
  set_up_ring(&requests->ring, options, device, options->depth * options->regions, &all, 1, false);
}

/* Makes the vectors of a slot anew from its page list, pages side by side as one: what a service has to do that is given a
 * list of which it knows nothing. */
static unsigned walk(const struct requests *requests, unsigned slot) {
  struct iovec *vectors = requests->vectors + (size_t)slot * requests->pages;
  const struct page_list *page = requests->lists + (size_t)slot * requests->pages;
  unsigned char *end = NULL;
  unsigned count = 0;
  for (uint64_t rest = requests->options->block; rest > 0; rest -= PAGE, page = page->next) {
    if (page == NULL) fail("page list", EINVAL);
    if (page->page == end) vectors[count - 1].iov_len += PAGE;
    else vectors[count++] = (struct iovec){page->page, PAGE};
    end = (unsigned char *)page->page + PAGE;
  }
  return count;
}

static void prepare_scattered(struct requests *requests, struct io_uring_sqe *sqe, unsigned slot, unsigned count,
                              uint64_t offset) {
  const struct options *options = requests->options;
  const struct iovec *vectors = requests->vectors + (size_t)slot * requests->pages;
  if (options->is_write) io_uring_prep_writev(sqe, requests->fd, vectors, count, offset);
  else io_uring_prep_readv(sqe, requests->fd, vectors, count, offset);
  if (options->registers_buffers) {
    sqe->opcode = options->is_write ? OP_WRITEV_FIXED : OP_READV_FIXED;
    sqe->buf_index = 0;
  }
}

static void prepare_contiguous(struct requests *requests, struct io_uring_sqe *sqe, unsigned slot, uint64_t offset) {
  const struct options *options = requests->options;
  void *memory = memory_of(requests, slot);
  unsigned length = options->block;
  if (options->registers_buffers) {
    if (options->is_write) io_uring_prep_write_fixed(sqe, requests->fd, memory, length, offset, 0);
    else io_uring_prep_read_fixed(sqe, requests->fd, memory, length, offset, 0);
  } else {
    if (options->is_write) io_uring_prep_write(sqe, requests->fd, memory, length, offset);
    else io_uring_prep_read(sqe, requests->fd, memory, length, offset);
  }
}

static void prepare(struct requests *requests, unsigned slot) {
  const struct options *options = requests->options;
  unsigned count = options->is_listed ? walk(requests, slot) : requests->pages;
  requests->pending[slot] = options->regions;
  for (unsigned region = 0; region < options->regions; region++) {
    /* Never NULL: the queue has a place for every region of every slot. */
    struct io_uring_sqe *sqe = io_uring_get_sqe(&requests->ring);
    uint64_t offset = random_below(&requests->random, requests->blocks) * options->block;
    if (options->is_scattered) prepare_scattered(requests, sqe, slot, count, offset);
    else prepare_contiguous(requests, sqe, slot, offset);
    if (options->registers_files) sqe->flags = IOSQE_FIXED_FILE;
    sqe->user_data = slot;
  }
}

static uint64_t turn(struct requests *requests, uint64_t limit) {
  uint64_t sent = 0, done = 0;
  int length = (int)requests->options->block;
  for (; sent < requests->options->depth && sent < limit; sent++) prepare(requests, (unsigned)sent);
  while (done < sent) {
    int result = submit_and_wait(&requests->ring);
    if (result < 0) fail("io_uring_enter", -result);
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&requests->ring, head, cqe) {
      unsigned slot = (unsigned)cqe->user_data;
      if (cqe->res != length) fail_io(requests->options, cqe->res, (uint64_t)length);
      count++;
      if (--requests->pending[slot] != 0) continue;
      done++;
      if (sent < limit && !is_span_over()) {
        prepare(requests, slot);
        sent++;
      }
    }
    io_uring_cq_advance(&requests->ring, count);
  }
  return done;
}

uint64_t run_regions(const struct options *options, const struct device *device) {
  struct requests requests;
  set_up(&requests, options, device);
  begin_span(options);
  uint64_t done = turn(&requests, span_limit(options));
  end_span();
  return done;
}
