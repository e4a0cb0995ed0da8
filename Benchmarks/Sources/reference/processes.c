#define _GNU_SOURCE 1
#include "fail.h"
#include "loop.h"
#include "shapes.h"
#include "span.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a process of the shape has from the others, and what it tells them. */
struct shared {
  pthread_barrier_t start;
  uint64_t done[MOST_THREADS];
  struct span spans[MOST_THREADS];
};

static struct shared *share(uint32_t processes) {
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail_errno("memory");
  pthread_barrierattr_t attributes;
  pthread_barrierattr_init(&attributes);
  pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_barrier_init(&shared->start, &attributes, processes);
  return shared;
}

/* The loop of one thread in a process of its own, which opens the device itself: not even the open file is shared. */
_Noreturn static void work(struct shared *shared, const struct options *options, uint32_t index) {
  /* It must not wait for the others when nobody waits for it any more. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  struct device device = open_device(options);
  struct loop loop;
  set_up_loop(&loop, options, &device, index + 1);
  pthread_barrier_wait(&shared->start);
  begin_span(options);
  shared->done[index] = turn_loop(&loop, span_share(options, index));
  end_span();
  shared->spans[index] = take_span();
  _exit(0);
}

/* Waits for all. One that failed has said why, and the others might wait for it for ever. */
static void wait_for(const pid_t *processes, uint32_t count) {
  for (uint32_t left = count; left > 0; left--) {
    int status;
    if (waitpid(-1, &status, 0) < 0) fail_errno("waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    for (uint32_t index = 0; index < count; index++) kill(processes[index], SIGKILL);
    _exit(1);
  }
}

uint64_t run_processes(const struct options *options) {
  pid_t processes[MOST_THREADS];
  struct shared *shared = share(options->threads);
  for (uint32_t index = 0; index < options->threads; index++) {
    processes[index] = fork();
    if (processes[index] < 0) fail_errno("fork");
    if (processes[index] == 0) work(shared, options, index);
  }
  wait_for(processes, options->threads);
  adopt_spans(shared->spans, options->threads);
  uint64_t done = 0;
  for (uint32_t index = 0; index < options->threads; index++) done += shared->done[index];
  return done;
}
