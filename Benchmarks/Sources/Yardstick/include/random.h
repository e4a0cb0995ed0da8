#ifndef YARDSTICK_RANDOM_H
#define YARDSTICK_RANDOM_H

#include <stdint.h>

/* xorshift64*: a few instructions, and good enough to spread I/O over a device. */
struct random {
  uint64_t state; /* never 0 */
};

static inline uint64_t next_random(struct random *random) {
  uint64_t x = random->state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  random->state = x;
  return x * 0x2545F4914F6CDD1DULL;
}

/* A number below `bound`, by multiplication instead of a division. */
static inline uint64_t random_below(struct random *random, uint64_t bound) {
  return (uint64_t)(((unsigned __int128)next_random(random) * bound) >> 64);
}

#endif
