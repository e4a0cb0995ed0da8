#define _GNU_SOURCE 1
#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fail(const char *what, int error) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(error));
  exit(1);
}

void fail_errno(const char *what) { fail(what, errno); }

void fail_io(const struct options *options, int64_t result, uint64_t expected) {
  const char *operation = options->is_write ? "write" : "read";
  if (result < 0) {
    fprintf(stderr, "%s: %s: a %s of %llu bytes failed: %s\n", program_invocation_short_name, options->device,
            operation, (unsigned long long)expected, strerror((int)-result));
  } else {
    fprintf(stderr, "%s: %s: a %s of %llu bytes moved only %lld\n", program_invocation_short_name, options->device,
            operation, (unsigned long long)expected, (long long)result);
  }
  exit(1);
}
