#define _GNU_SOURCE 1
#include "span.h"

#include "fail.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

volatile int span_over;

static double started, ended;
static double cpu_before, cpu_after;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* User and system time of all threads of the process, the kernel's workers for its rings included. */
static double cpu(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static void stop(int number) {
  (void)number;
  __atomic_store_n(&span_over, 1, __ATOMIC_RELAXED);
}

void begin_span(const struct options *options) {
  if (options->ios == 0) {
    struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};
    /* Whoever started the program may have blocked it, and then it would run for ever. */
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    if (sigaction(SIGALRM, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &alarm, NULL) != 0) fail_errno("SIGALRM");
    long seconds = (long)options->seconds;
    struct itimerval timer = {
        .it_value = {.tv_sec = seconds, .tv_usec = (long)((options->seconds - (double)seconds) * 1e6)}};
    if (seconds == 0 && timer.it_value.tv_usec == 0) timer.it_value.tv_usec = 1;
    if (setitimer(ITIMER_REAL, &timer, NULL) != 0) fail_errno("timer");
  }
  started = now();
  cpu_before = cpu();
}

void end_span(void) {
  cpu_after = cpu();
  ended = now();
}

struct span take_span(void) { return (struct span){started, ended, cpu_after - cpu_before}; }

void adopt_spans(const struct span *spans, uint32_t count) {
  started = spans[0].started;
  ended = spans[0].ended;
  cpu_before = cpu_after = 0;
  for (uint32_t index = 0; index < count; index++) {
    if (spans[index].started < started) started = spans[index].started;
    if (spans[index].ended > ended) ended = spans[index].ended;
    cpu_after += spans[index].cpu;
  }
}

void print_span(const struct options *options, uint64_t ios, uint64_t bytes) {
  double seconds = ended - started;
  double count = (double)ios;
  printf("{\"name\":\"%s\",\"iops\":%.1f,\"mib_per_s\":%.1f,\"cpu_ns_per_io\":%.1f,\"ios\":%llu,\"seconds\":%.9f}\n",
         options->name, count / seconds, count * (double)bytes / 1048576 / seconds,
         (cpu_after - cpu_before) * 1e9 / count, (unsigned long long)ios, seconds);
}
