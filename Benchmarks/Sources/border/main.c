#define _GNU_SOURCE 1
#include "dm_io.h"

#include "fail.h"
#include "options.h"
#include "pages.h"
#include "span.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * What the border costs: the loop of the reference, but each I/O is a request of the C library, on a driven client. The library is
 * the file that DM_IO_LIBRARY names.
 */

static struct {
  int (*open)(const char *, unsigned int, struct block_device **);
  sector_t (*sectors)(const struct block_device *);
  struct dm_io_client *(*create)(unsigned int, unsigned int);
  int (*poll)(struct dm_io_client *, int);
  int (*dm_io)(struct dm_io_request *, unsigned int, struct dm_io_region *, unsigned long *, unsigned short);
} library;

static const struct options *options;
static uint64_t blocks, sectors, sent, done, limit;

struct slot {
  struct dm_io_region region;
  struct dm_io_request request;
};

static void look_up(void *handle, const char *name, void *function) {
  void *symbol = dlsym(handle, name);
  if (symbol == NULL) {
    fprintf(stderr, "border: %s\n", dlerror());
    exit(1);
  }
  memcpy(function, &symbol, sizeof symbol);
}

static void load(void) {
  const char *file = getenv("DM_IO_LIBRARY");
  void *handle = dlopen(file != NULL ? file : "libdm-io.so.1", RTLD_NOW);
  if (handle == NULL) {
    fprintf(stderr, "border: %s\n", dlerror());
    exit(1);
  }
  look_up(handle, "dm_io_device_open", &library.open);
  look_up(handle, "dm_io_device_sectors", &library.sectors);
  look_up(handle, "dm_io_client_create", &library.create);
  look_up(handle, "dm_io_client_poll", &library.poll);
  look_up(handle, "dm_io", &library.dm_io);
}

/*
 * What the library did when it was first used leaves work to the kernel, rings and threads that end, which is none of an I/O's. The
 * thread stays awake meanwhile: one that has slept does not have its processor at once, nor the client's other threads theirs.
 */
static void let_kernel_end(void) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - begin.tv_sec) * 1000000000LL + now.tv_nsec - begin.tv_nsec < 50000000);
}

/* Where the next I/O goes: chosen as dmio bench does it, so that the loops differ in the border alone. */
static uint64_t next_sector(void) {
  static uint64_t state = 1;
  state = state * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
  return (uint64_t)(((unsigned __int128)state * blocks) >> 64) * sectors;
}

static void submit(struct slot *slot) {
  slot->region.sector = next_sector();
  int result = library.dm_io(&slot->request, 1, &slot->region, NULL, 0);
  if (result != 0) fail("dm_io", -result);
  sent++;
}

static void is_over(unsigned long bits, void *context) {
  if (bits != 0) fail("a request", EIO);
  done++;
  if (sent < limit && !is_span_over()) submit(context);
}

int main(int argc, char **argv) {
  struct options given = parse_options(argc, argv);
  struct block_device *device = NULL;
  options = &given;
  limit = span_limit(options);
  load();
  int result = library.open(options->device, DM_IO_CHARACTER | (options->is_write ? DM_IO_RDWR : DM_IO_RDONLY), &device);
  if (result != 0) fail(options->device, -result);
  sectors = options->block / 512;
  blocks = library.sectors(device) / sectors;
  struct dm_io_client *client = library.create(options->depth, DM_IO_DRIVEN);
  struct slot *slots = calloc(options->depth, sizeof *slots);
  if (client == NULL || slots == NULL) fail_errno("a client");
  unsigned char *memory = random_pages((uint64_t)options->depth * options->block);
  let_kernel_end();
  begin_span(options);
  for (unsigned index = 0; index < options->depth && sent < limit; index++) {
    struct slot *slot = &slots[index];
    slot->region = (struct dm_io_region){.bdev = device, .count = sectors};
    slot->request = (struct dm_io_request){
        .size = sizeof slot->request,
        .op_flags = options->is_write ? DM_IO_WRITE : DM_IO_READ,
        .mem = {.type = DM_IO_KMEM, .ptr.addr = memory + (uint64_t)index * options->block},
        .notify = {.fn = is_over, .context = slot},
        .client = client};
    submit(slot);
  }
  while (done < sent) {
    int ended = library.poll(client, -1);
    if (ended < 0) fail("dm_io_client_poll", -ended);
  }
  end_span();
  print_span(options, done, options->block);
  return 0;
}
