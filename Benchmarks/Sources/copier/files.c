#define _GNU_SOURCE 1
#include "copy.h"

#include "fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void read_all(const struct file *file, unsigned char *memory, uint64_t bytes, uint64_t offset) {
  while (bytes > 0) {
    ssize_t got = pread(file->fd, memory, bytes, (off_t)offset);
    if (got < 0) fail_errno(file->path);
    if (got == 0) fail(file->path, ENODATA);
    memory += got;
    bytes -= (uint64_t)got;
    offset += (uint64_t)got;
  }
}

void write_all(const struct file *file, const unsigned char *memory, uint64_t bytes, uint64_t offset) {
  while (bytes > 0) {
    ssize_t put = pwrite(file->fd, memory, bytes, (off_t)offset);
    if (put < 0) fail_errno(file->path);
    memory += put;
    bytes -= (uint64_t)put;
    offset += (uint64_t)put;
  }
}

void map_source(struct copy *copy) {
  void *memory = mmap(NULL, copy->bytes, PROT_READ, MAP_SHARED, copy->source.fd, 0);
  if (memory == MAP_FAILED) fail_errno(copy->source.path);
  copy->mapped = memory;
}

void flush(const struct file *file) {
  if (fdatasync(file->fd) != 0) fail_errno(file->path);
}

unsigned char *chunks(const struct copy *copy, uint32_t count) {
  void *memory = aligned_alloc(4096, copy->chunk * count);
  if (memory == NULL) fail_errno("memory");
  memset(memory, 1, copy->chunk * count);
  return memory;
}
