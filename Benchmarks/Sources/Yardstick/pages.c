#define _GNU_SOURCE 1
#include "pages.h"

#include "fail.h"
#include "random.h"

#include <string.h>
#include <sys/mman.h>

unsigned char *random_pages(uint64_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail_errno("memory");
  struct random random = {.state = 0x9E3779B97F4A7C15ULL};
  for (uint64_t offset = 0; offset + 8 <= bytes; offset += 8) {
    uint64_t word = next_random(&random);
    memcpy((unsigned char *)memory + offset, &word, 8);
  }
  return memory;
}
