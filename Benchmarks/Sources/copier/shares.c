#define _GNU_SOURCE 1
#include "copy.h"

#include "fail.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* A thread, and the targets from `first` in steps of `step`, which nobody else writes. */
struct share {
  pthread_t id;
  const struct copy *copy;
  uint32_t first, step;
};

static void *work(void *context) {
  const struct share *share = context;
  const struct copy *copy = share->copy;
  /* Read again by each thread: a copy from the page cache costs less than handing a chunk over would. */
  unsigned char *memory = copy->mapped == NULL ? chunks(copy, 1) : copy->mapped;
  for (uint64_t offset = 0; offset < copy->bytes; offset += copy->chunk) {
    uint64_t bytes = chunk_at(copy, offset);
    bool is_others = copy->is_apart && offset / copy->chunk % share->step != share->first;
    if (copy->mapped != NULL) memory = copy->mapped + offset;
    else if (!is_others) read_all(&copy->source, memory, bytes, offset);
    for (uint32_t index = share->first; index < copy->count; index += share->step) {
      write_all(&copy->targets[index], memory, bytes, offset);
    }
  }
  for (uint32_t index = share->first; index < copy->count; index += share->step) flush(&copy->targets[index]);
  return NULL;
}

void copy_shares(const struct copy *copy) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  uint32_t threads = processors < (long)copy->count ? (uint32_t)processors : copy->count;
  struct share *shares = calloc(threads, sizeof *shares);
  if (shares == NULL) fail_errno("memory");
  for (uint32_t index = 0; index < threads; index++) {
    shares[index] = (struct share){.copy = copy, .first = index, .step = threads};
    int error = pthread_create(&shares[index].id, NULL, work, &shares[index]);
    if (error != 0) fail("thread", error);
  }
  for (uint32_t index = 0; index < threads; index++) pthread_join(shares[index].id, NULL);
  free(shares);
}
