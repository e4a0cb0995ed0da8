#ifndef YARDSTICK_RANDOM_H
#define YARDSTICK_RANDOM_H

#include <stdint.h>

/* Knuth's generator (MMIX), as dmio's own bench has it: two instructions, of which the high bits are good. */
struct random {
  uint64_t state;
};

static inline uint64_t next_random(struct random *random) {
  random->state = random->state * 6364136223846793005ULL + 1442695040888963407ULL;
  return random->state;
}

/* A number below `bound`, by multiplication instead of a division. */
static inline uint64_t random_below(struct random *random, uint64_t bound) {
  return (uint64_t)(((unsigned __int128)next_random(random) * bound) >> 64);
}

#endif
