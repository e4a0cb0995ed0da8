#define _GNU_SOURCE 1
#include "fail.h"
#include "pages.h"
#include "random.h"
#include "ring.h"
#include "shapes.h"
#include "span.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * One ring for several submitting threads, behind a mutex. There is no thread of the service: whoever has nothing to do
 * waits in the kernel for all, as the leader; the others sleep until it has given out what came.
 *
 * The completion queue belongs to whoever holds the lock, or, while there is a leader, to the leader. So a completion
 * that the leader waits for cannot be taken from under it, and everybody who sleeps has a leader who will wake him.
 */
struct shared {
  pthread_mutex_t lock;
  pthread_cond_t turned;
  struct io_uring ring;
  bool has_leader;
  const struct options *options;
  int fd;
  uint64_t blocks;
  unsigned char *memory;
  struct submitter *submitters;
};

/* One of the threads. All but `id` and `limit` is touched under the lock. */
struct submitter {
  struct shared *shared;
  pthread_t id;
  pthread_barrier_t *start;
  struct random random;
  unsigned *idle; /* slots that are not in flight */
  unsigned idle_count;
  uint64_t sent, done, limit;
};

static void prepare(struct submitter *submitter, unsigned slot) {
  struct shared *shared = submitter->shared;
  const struct options *options = shared->options;
  /* Never NULL: the queue has a place for every slot of every thread, and is emptied before the lock is. */
  struct io_uring_sqe *sqe = io_uring_get_sqe(&shared->ring);
  void *memory = shared->memory + (uint64_t)slot * options->block;
  uint64_t offset = random_below(&submitter->random, shared->blocks) * options->block;
  if (options->registers_buffers) {
    if (options->is_write) io_uring_prep_write_fixed(sqe, shared->fd, memory, options->block, offset, (int)slot);
    else io_uring_prep_read_fixed(sqe, shared->fd, memory, options->block, offset, (int)slot);
  } else {
    if (options->is_write) io_uring_prep_write(sqe, shared->fd, memory, options->block, offset);
    else io_uring_prep_read(sqe, shared->fd, memory, options->block, offset);
  }
  if (options->registers_files) sqe->flags = IOSQE_FIXED_FILE;
  sqe->user_data = slot;
}

/* Sends an I/O from every idle slot. */
static void submit(struct submitter *submitter) {
  uint64_t before = submitter->sent;
  while (submitter->idle_count > 0 && submitter->sent < submitter->limit && !is_span_over()) {
    prepare(submitter, submitter->idle[--submitter->idle_count]);
    submitter->sent++;
  }
  for (uint64_t left = submitter->sent - before; left > 0;) {
    int result = io_uring_submit(&submitter->shared->ring);
    if (result < 0 && result != -EINTR) fail("io_uring_enter", -result);
    if (result > 0) left -= (uint64_t)result;
  }
}

/* Gives every completion that is there to the thread whose slot it is. */
static void reap(struct shared *shared) {
  struct io_uring_cqe *cqe;
  unsigned head, count = 0;
  io_uring_for_each_cqe(&shared->ring, head, cqe) {
    unsigned slot = (unsigned)cqe->user_data;
    if (cqe->res != (int)shared->options->block) fail_io(shared->options, cqe->res, shared->options->block);
    struct submitter *owner = &shared->submitters[slot / shared->options->depth];
    owner->idle[owner->idle_count++] = slot;
    owner->done++;
    count++;
  }
  io_uring_cq_advance(&shared->ring, count);
}

/* Waits in the kernel without the lock, for one completion of anybody. */
static void lead(struct shared *shared) {
  shared->has_leader = true;
  pthread_mutex_unlock(&shared->lock);
  int result = io_uring_enter((unsigned)shared->ring.ring_fd, 0, 1, IORING_ENTER_GETEVENTS, NULL);
  if (result < 0 && result != -EINTR) fail("io_uring_enter", -result);
  pthread_mutex_lock(&shared->lock);
  shared->has_leader = false;
  reap(shared);
  pthread_cond_broadcast(&shared->turned);
}

static void *work(void *context) {
  struct submitter *submitter = context;
  struct shared *shared = submitter->shared;
  pthread_barrier_wait(submitter->start);
  pthread_mutex_lock(&shared->lock);
  while (true) {
    uint64_t before = submitter->done;
    submit(submitter);
    if (submitter->sent == submitter->done) break;
    if (!shared->has_leader) reap(shared);
    while (submitter->done == before) {
      if (shared->has_leader) pthread_cond_wait(&shared->turned, &shared->lock);
      else lead(shared);
    }
    /* The other's turn, if it waits for it. */
    pthread_mutex_unlock(&shared->lock);
    pthread_mutex_lock(&shared->lock);
  }
  pthread_mutex_unlock(&shared->lock);
  return NULL;
}

static void set_up(struct shared *shared, const struct options *options, const struct device *device) {
  unsigned slots = options->depth * options->threads;
  *shared = (struct shared){.options = options, .blocks = device->blocks};
  shared->fd = options->registers_files ? 0 : device->fd;
  shared->memory = random_pages((uint64_t)slots * options->block);
  shared->submitters = calloc(options->threads, sizeof *shared->submitters);
  struct iovec *buffers = calloc(slots, sizeof *buffers);
  if (shared->submitters == NULL || buffers == NULL) fail_errno("memory");
  for (unsigned slot = 0; slot < slots; slot++) {
    buffers[slot] = (struct iovec){shared->memory + (uint64_t)slot * options->block, options->block};
  }
  set_up_ring(&shared->ring, options, device, slots, buffers, slots, true);
  free(buffers);
  pthread_mutex_init(&shared->lock, NULL);
  pthread_cond_init(&shared->turned, NULL);
}

uint64_t run_shared(const struct options *options, const struct device *device) {
  struct shared shared;
  pthread_barrier_t start;
  set_up(&shared, options, device);
  pthread_barrier_init(&start, NULL, options->threads + 1);
  for (unsigned index = 0; index < options->threads; index++) {
    struct submitter *submitter = &shared.submitters[index];
    *submitter = (struct submitter){.shared = &shared, .start = &start, .random.state = index + 1,
                                    .limit = span_share(options, index)};
    submitter->idle = calloc(options->depth, sizeof *submitter->idle);
    if (submitter->idle == NULL) fail_errno("memory");
    for (unsigned slot = 0; slot < options->depth; slot++) {
      submitter->idle[submitter->idle_count++] = index * options->depth + slot;
    }
    int error = pthread_create(&submitter->id, NULL, work, submitter);
    if (error != 0) fail("thread", error);
  }
  begin_span(options);
  pthread_barrier_wait(&start);
  uint64_t done = 0;
  for (unsigned index = 0; index < options->threads; index++) {
    pthread_join(shared.submitters[index].id, NULL);
    done += shared.submitters[index].done;
  }
  end_span();
  return done;
}
