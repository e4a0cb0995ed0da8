#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * stopwatch FILE COMMAND [ARGUMENT...]: runs the command and writes to FILE, as JSON, how long it took and the most
 * memory that one of its processes had resident. Ends with the command's exit code.
 *
 * A program of its own because the kernel counts the memory of a process from before its exec: a child of the runner
 * would be charged with the runner's.
 */
static double seconds_between(struct timespec from, struct timespec to) {
  return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: stopwatch FILE COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    fprintf(stderr, "stopwatch: %s: %s\n", argv[2], strerror(errno));
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (child < 0 || wait4(child, &status, 0, &usage) != child) {
    fprintf(stderr, "stopwatch: %s: %s\n", argv[2], strerror(errno));
    return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  FILE *file = fopen(argv[1], "w");
  if (file == NULL) {
    fprintf(stderr, "stopwatch: %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  fprintf(file, "{\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"peak_kib\":%ld}\n", seconds_between(start, end),
          seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), usage.ru_maxrss);
  fclose(file);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
