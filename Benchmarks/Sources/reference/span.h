#ifndef REFERENCE_SPAN_H
#define REFERENCE_SPAN_H

#include "options.h"

#include <signal.h>
#include <stdatomic.h>

/* Whether the time is over. Set by a signal, so that no loop has to ask for the time. */
extern _Atomic bool span_is_over;

/* Starts the clocks; `seconds` later the time is over, unless the options give a number of I/Os. */
void begin_span(const struct options *options);

/* Stops the clocks. */
void end_span(void);

/* Prints the one JSON object of the program. `bytes` is what one I/O moves. */
void print_span(const struct options *options, uint64_t ios, uint64_t bytes);

#endif
