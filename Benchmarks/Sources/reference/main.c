#include "device.h"
#include "options.h"
#include "shapes.h"
#include "span.h"

/*
 * The reference: what a good C programmer gets out of liburing, in as few lines as show it. Ratios of Swift to C are
 * ratios to this program. It checks every completion, and counts nothing that was not moved.
 */
int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  struct device device = open_device(&options);
  uint64_t bytes = options.block;
  uint64_t ios = 0;
  switch (options.shape) {
    case SHAPE_LOOP: ios = run_loop(&options, &device); break;
    case SHAPE_REGIONS:
      ios = run_regions(&options, &device);
      bytes *= options.regions;
      break;
    case SHAPE_BLOCKING: ios = run_blocking(&options, &device); break;
    case SHAPE_SHARED: ios = run_shared(&options, &device); break;
    case SHAPE_THREADS: ios = run_threads(&options, &device); break;
    case SHAPE_PROCESSES: ios = run_processes(&options); break;
  }
  print_span(&options, ios, bytes);
  return 0;
}
