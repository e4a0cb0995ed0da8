#ifndef YARDSTICK_FAIL_H
#define YARDSTICK_FAIL_H

#include "options.h"

/* Ends the process with exit code 1 and a message: a benchmark of I/O that failed measures nothing. */
_Noreturn void fail(const char *what, int error);
_Noreturn void fail_errno(const char *what);

/* The same for an I/O that gave `result`, a number of bytes or an errno below zero, instead of `expected`. */
_Noreturn void fail_io(const struct options *options, int64_t result, uint64_t expected);

#endif
