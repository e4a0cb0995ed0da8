#ifndef YARDSTICK_OPTIONS_H
#define YARDSTICK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_THREADS = 64 };

/* How the I/O is made. */
enum shape {
  SHAPE_LOOP,      /* one thread, one ring, one block for each I/O */
  SHAPE_REGIONS,   /* dm-io's requests: several regions, one memory, done when all regions are */
  SHAPE_BLOCKING,  /* pread or pwrite, one at a time */
  SHAPE_SHARED,    /* several threads, one ring behind a mutex */
  SHAPE_THREADS,   /* several threads, each with the loop and a ring of its own */
  SHAPE_PROCESSES, /* the same, with processes */
};

/* What the command line asks for. */
struct options {
  const char *device;
  const char *name;
  enum shape shape;
  bool is_write;
  bool is_direct;
  bool is_scattered;
  bool is_listed;
  bool registers_files;
  bool registers_buffers;
  bool registers_ring;
  uint32_t block;
  uint32_t depth;
  uint32_t regions;
  uint32_t threads;
  uint64_t ios; /* 0: until the time is over */
  double seconds;
};

/* Ends the process with the usage, exit code 2, on anything it does not know. */
struct options parse_options(int argc, char **argv);

#endif
