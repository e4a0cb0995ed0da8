#ifndef YARDSTICK_SPAN_H
#define YARDSTICK_SPAN_H

#include "options.h"

#include <stdbool.h>
#include <stdint.h>

/* Set by a signal, so that no loop has to ask for the time. Read it by `is_span_over`. */
extern volatile int span_over;

/* Whether the time is over. A plain load. */
static inline bool is_span_over(void) { return __atomic_load_n(&span_over, __ATOMIC_RELAXED) != 0; }

/* Starts the clocks; `seconds` later the time is over, unless the options give a number of I/Os. */
void begin_span(const struct options *options);

/* Stops the clocks. */
void end_span(void);

/* A span that is over, as one process tells another: seconds of the clock that all have, and of processor time. */
struct span {
  double started;
  double ended;
  double cpu;
};

/* This process's. */
struct span take_span(void);

/* Takes `count` spans of other processes, as one, for its own. */
void adopt_spans(const struct span *spans, uint32_t count);

/* Prints the one JSON object of the program. `bytes` is what one I/O moves. */
void print_span(const struct options *options, uint64_t ios, uint64_t bytes);

/* How many I/Os may be sent at most. */
static inline uint64_t span_limit(const struct options *options) {
  return options->ios == 0 ? UINT64_MAX : options->ios;
}

/* The same for one of the options' threads. */
static inline uint64_t span_share(const struct options *options, uint32_t thread) {
  if (options->ios == 0) return UINT64_MAX;
  return options->ios / options->threads + (thread < options->ios % options->threads ? 1 : 0);
}

#endif
