#define _GNU_SOURCE 1
#include "fail.h"
#include "pages.h"
#include "random.h"
#include "shapes.h"
#include "span.h"

#include <errno.h>
#include <unistd.h>

uint64_t run_blocking(const struct options *options, const struct device *device) {
  unsigned char *memory = random_pages(options->block);
  struct random random = {.state = 1};
  uint64_t done = 0;
  uint64_t limit = span_limit(options);
  ssize_t length = (ssize_t)options->block;
  begin_span(options);
  while (done < limit && !is_span_over()) {
    off_t offset = (off_t)(random_below(&random, device->blocks) * options->block);
    ssize_t result = options->is_write ? pwrite(device->fd, memory, options->block, offset)
                                       : pread(device->fd, memory, options->block, offset);
    if (result != length) fail_io(options, result < 0 ? -errno : result, options->block);
    done++;
  }
  end_span();
  return done;
}
