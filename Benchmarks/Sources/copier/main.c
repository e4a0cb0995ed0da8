#define _GNU_SOURCE 1
#include "copy.h"

#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * The copier: what C gets out of the processors for one source and several targets, in as few lines as show it. Where it
 * does not reach a bar, the machine does not. Every call is checked, and what was written is flushed.
 */

static const char usage[] =
    "usage: %s [OPTION...] SOURCE TARGET...\n"
    "\n"
    "Copies a file, or a block device, to each target.\n"
    "\n"
    "  --chunk BYTES   bytes of a read and a write; a multiple of 4096   (1 MiB)\n"
    "  --bytes N       only so many of the source   (all)\n"
    "  --mapped        write out of a mapping of the source, instead of reading it; where the source changes, targets differ\n"
    "  --apart         no copy, but all of its calls: each thread reads its part of the source, and writes what it read last\n";

_Noreturn static void show_usage(void) {
  fprintf(stderr, usage, program_invocation_short_name);
  exit(2);
}

static uint64_t number(const char *text, uint64_t unit, uint64_t most) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || *text < '0' || *text > '9' || value == 0 || value % unit != 0 || value > most) {
    fprintf(stderr, "%s: '%s' is no number that is taken here\n\n", program_invocation_short_name, text);
    show_usage();
  }
  return value;
}

static struct file open_file(const char *path, int flags) {
  struct file file = {.path = path, .fd = open(path, flags | O_CLOEXEC, 0600)};
  if (file.fd < 0) fail_errno(path);
  return file;
}

int main(int argc, char **argv) {
  static const struct option names[] = {
      {"chunk", required_argument, NULL, 'c'}, {"bytes", required_argument, NULL, 'b'},
      {"mapped", no_argument, NULL, 'm'},      {"apart", no_argument, NULL, 'a'},
      {NULL, 0, NULL, 0}};
  struct copy copy = {.chunk = 1 << 20, .bytes = UINT64_MAX};
  bool is_mapped = false;
  int letter;
  while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) {
    if (letter == 'c') copy.chunk = number(optarg, 4096, 1 << 30);
    else if (letter == 'b') copy.bytes = number(optarg, 1, INT64_MAX);
    else if (letter == 'm') is_mapped = true;
    else if (letter == 'a') copy.is_apart = true;
    else show_usage();
  }
  if (argc - optind < 2) show_usage();
  copy.source = open_file(argv[optind], O_RDONLY);
  off_t size = lseek(copy.source.fd, 0, SEEK_END);
  if (size < 0) fail_errno(argv[optind]);
  if ((uint64_t)size < copy.bytes) {
    if (copy.bytes != UINT64_MAX) fail(argv[optind], ENODATA);
    copy.bytes = (uint64_t)size;
  }
  copy.count = (uint32_t)(argc - optind - 1);
  copy.targets = calloc(copy.count, sizeof *copy.targets);
  if (copy.targets == NULL) fail_errno("memory");
  for (uint32_t index = 0; index < copy.count; index++) {
    copy.targets[index] = open_file(argv[optind + 1 + (int)index], O_WRONLY | O_CREAT | O_TRUNC);
  }
  if (is_mapped && copy.bytes > 0) map_source(&copy);
  if (copy.count == 1 && copy.mapped == NULL && !copy.is_apart) copy_ahead(&copy);
  else copy_shares(&copy);
  return 0;
}
