#ifndef COPIER_COPY_H
#define COPIER_COPY_H

#include <stdbool.h>
#include <stdint.h>

/* An open file. */
struct file {
  const char *path;
  int fd;
};

/* What is copied to where. */
struct copy {
  struct file source;
  uint64_t bytes; /* of the source, from its beginning */
  uint64_t chunk; /* bytes of a read and a write */
  struct file *targets;
  uint32_t count;
  bool is_apart; /* whether a thread reads its part of the source only, and writes what it has at hand: no copy */
  unsigned char *mapped; /* all of the source, where it is not to be read; else NULL */
};

/* One thread reads ahead, another writes. For one target. */
void copy_ahead(const struct copy *copy);

/* A thread for each processor, as far as there are targets: each reads the source for itself and writes its share. */
void copy_shares(const struct copy *copy);

/* Bytes of the chunk at `offset`, of which the last may be short. */
static inline uint64_t chunk_at(const struct copy *copy, uint64_t offset) {
  uint64_t left = copy->bytes - offset;
  return left < copy->chunk ? left : copy->chunk;
}

/* Maps the source, instead of reading it. */
void map_source(struct copy *copy);

/* Exactly `bytes`, or the process ends with a message. */
void read_all(const struct file *file, unsigned char *memory, uint64_t bytes, uint64_t offset);
void write_all(const struct file *file, const unsigned char *memory, uint64_t bytes, uint64_t offset);

/* Makes what was written durable, or ends the process. */
void flush(const struct file *file);

/* Memory for chunks, aligned to pages and touched. */
unsigned char *chunks(const struct copy *copy, uint32_t count);

#endif
