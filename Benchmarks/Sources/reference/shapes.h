#ifndef REFERENCE_SHAPES_H
#define REFERENCE_SHAPES_H

#include "device.h"
#include "options.h"

/* Each runs a whole span and returns the I/Os that it made; of regions, the requests. */
uint64_t run_loop(const struct options *options, const struct device *device);
uint64_t run_regions(const struct options *options, const struct device *device);
uint64_t run_blocking(const struct options *options, const struct device *device);
uint64_t run_shared(const struct options *options, const struct device *device);
uint64_t run_threads(const struct options *options, const struct device *device);
uint64_t run_processes(const struct options *options);

#endif
