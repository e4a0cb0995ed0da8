#define _GNU_SOURCE 1
#include "fail.h"
#include "loop.h"
#include "shapes.h"
#include "span.h"

#include <pthread.h>

/* A thread with a ring of its own: nothing is shared but the device and the moment of the start. */
struct thread {
  pthread_t id;
  const struct options *options;
  const struct device *device;
  pthread_barrier_t *start;
  uint64_t seed;
  uint64_t limit;
  uint64_t done;
};

static void *work(void *context) {
  struct thread *thread = context;
  struct loop loop;
  set_up_loop(&loop, thread->options, thread->device, thread->seed);
  pthread_barrier_wait(thread->start); /* all are ready */
  pthread_barrier_wait(thread->start); /* the clocks run */
  thread->done = turn_loop(&loop, thread->limit);
  return NULL;
}

uint64_t run_threads(const struct options *options, const struct device *device) {
  struct thread threads[options->threads];
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, options->threads + 1);
  for (unsigned index = 0; index < options->threads; index++) {
    struct thread *thread = &threads[index];
    *thread = (struct thread){.options = options, .device = device, .start = &start, .seed = index + 1,
                              .limit = span_share(options, index)};
    int error = pthread_create(&thread->id, NULL, work, thread);
    if (error != 0) fail("thread", error);
  }
  pthread_barrier_wait(&start);
  begin_span(options);
  pthread_barrier_wait(&start);
  uint64_t done = 0;
  for (unsigned index = 0; index < options->threads; index++) {
    pthread_join(threads[index].id, NULL);
    done += threads[index].done;
  }
  end_span();
  return done;
}
