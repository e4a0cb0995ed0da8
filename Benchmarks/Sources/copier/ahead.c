#define _GNU_SOURCE 1
#include "copy.h"

#include "fail.h"

#include <pthread.h>

enum { SLOTS = 4 };

/* A ring of chunks: `filled` were read so far, and `emptied` of them written. */
struct pipe {
  const struct copy *copy;
  unsigned char *memory;
  pthread_mutex_t lock;
  pthread_cond_t turned;
  uint64_t filled, emptied;
};

/* Waits until `*counter` is at least `least`. */
static void wait_for(struct pipe *pipe, const uint64_t *counter, uint64_t least) {
  pthread_mutex_lock(&pipe->lock);
  while (*counter < least) pthread_cond_wait(&pipe->turned, &pipe->lock);
  pthread_mutex_unlock(&pipe->lock);
}

static void count(struct pipe *pipe, uint64_t *counter) {
  pthread_mutex_lock(&pipe->lock);
  *counter += 1;
  pthread_cond_signal(&pipe->turned);
  pthread_mutex_unlock(&pipe->lock);
}

static void *read_ahead(void *context) {
  struct pipe *pipe = context;
  const struct copy *copy = pipe->copy;
  uint64_t index = 0;
  for (uint64_t offset = 0; offset < copy->bytes; offset += copy->chunk, index++) {
    if (index >= SLOTS) wait_for(pipe, &pipe->emptied, index - SLOTS + 1);
    read_all(&copy->source, pipe->memory + index % SLOTS * copy->chunk, chunk_at(copy, offset), offset);
    count(pipe, &pipe->filled);
  }
  return NULL;
}

void copy_ahead(const struct copy *copy) {
  struct pipe pipe = {.copy = copy, .memory = chunks(copy, SLOTS)};
  pthread_mutex_init(&pipe.lock, NULL);
  pthread_cond_init(&pipe.turned, NULL);
  pthread_t reader;
  int error = pthread_create(&reader, NULL, read_ahead, &pipe);
  if (error != 0) fail("thread", error);
  uint64_t index = 0;
  for (uint64_t offset = 0; offset < copy->bytes; offset += copy->chunk, index++) {
    wait_for(&pipe, &pipe.filled, index + 1);
    write_all(&copy->targets[0], pipe.memory + index % SLOTS * copy->chunk, chunk_at(copy, offset), offset);
    count(&pipe, &pipe.emptied);
  }
  pthread_join(reader, NULL);
  flush(&copy->targets[0]);
}
