#define _GNU_SOURCE 1
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, MOST_REGIONS = 64, MOST_DEPTH = 4096, MOST_BLOCK = 4 << 20 };

static const char usage[] =
    "usage: %s DEVICE read|write [OPTION...]\n"
    "\n"
    "Reads or writes random blocks and prints one JSON object.\n"
    "\n"
    "  --shape loop|regions|blocking|shared|threads|processes   (loop)\n"
    "  --block BYTES         bytes of an I/O; a multiple of 512, for regions of 4096   (4096)\n"
    "  --depth N             I/Os in flight, of each thread   (1)\n"
    "  --regions N           regions of each request, shape regions   (1)\n"
    "  --memory contiguous|scattered|list   pages side by side, none beside another, or the same in a list that\n"
    "                               each request walks, shape regions   (contiguous)\n"
    "  --threads N           shapes shared, threads and processes   (2)\n"
    "  --registered LIST     what the ring knows beforehand: files,buffers,ring or none   (files,buffers,ring)\n"
    "  --direct              open with O_DIRECT\n"
    "  --seconds S           for so long   (0.2)\n"
    "  --ios N               so many instead\n"
    "  --name NAME           the name in the output   (the program's)\n";

_Noreturn static void show_usage(void) {
  fprintf(stderr, usage, program_invocation_short_name);
  exit(2);
}

_Noreturn static void refuse(const char *option, const char *value) {
  fprintf(stderr, "%s: %s does not take '%s'\n\n", program_invocation_short_name, option, value);
  show_usage();
}

static uint64_t number(const char *option, const char *text, uint64_t most) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || *text < '0' || *text > '9' || value == 0 || value > most) refuse(option, text);
  return value;
}

static double duration(const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*end != '\0' || !(value > 0) || value > 3600) refuse("--seconds", text);
  return value;
}

/* The place of `text` among `words`, which end with NULL. */
static int choice(const char *option, const char *text, const char *const *words) {
  for (int index = 0; words[index] != NULL; index++) {
    if (strcmp(text, words[index]) == 0) return index;
  }
  refuse(option, text);
}

static const char *const shapes[] = {"loop", "regions", "blocking", "shared", "threads", "processes", NULL};
static const char *const operations[] = {"read", "write", NULL};
static const char *const memories[] = {"contiguous", "scattered", "list", NULL};
static const char *const registrations[] = {"none", "files", "buffers", "ring", NULL};

/* Takes `list` apart, at its commas. */
static void register_only(struct options *options, char *list) {
  options->registers_files = options->registers_buffers = options->registers_ring = false;
  for (char *word = strtok(list, ","); word != NULL; word = strtok(NULL, ",")) {
    switch (choice("--registered", word, registrations)) {
      case 1: options->registers_files = true; break;
      case 2: options->registers_buffers = true; break;
      case 3: options->registers_ring = true; break;
    }
  }
}

static const struct option names[] = {
    {"shape", required_argument, NULL, 's'},    {"block", required_argument, NULL, 'b'},
    {"depth", required_argument, NULL, 'd'},    {"regions", required_argument, NULL, 'r'},
    {"memory", required_argument, NULL, 'm'},   {"threads", required_argument, NULL, 't'},
    {"registered", required_argument, NULL, 'g'}, {"direct", no_argument, NULL, 'o'},
    {"seconds", required_argument, NULL, 'S'},  {"ios", required_argument, NULL, 'i'},
    {"name", required_argument, NULL, 'n'},     {NULL, 0, NULL, 0},
};

static void take(struct options *options, int letter) {
  switch (letter) {
    case 's': options->shape = (enum shape)choice("--shape", optarg, shapes); break;
    case 'b': options->block = (uint32_t)number("--block", optarg, MOST_BLOCK); break;
    case 'd': options->depth = (uint32_t)number("--depth", optarg, MOST_DEPTH); break;
    case 'r': options->regions = (uint32_t)number("--regions", optarg, MOST_REGIONS); break;
    case 'm':
      options->is_listed = choice("--memory", optarg, memories) == 2;
      options->is_scattered = choice("--memory", optarg, memories) >= 1;
      break;
    case 't': options->threads = (uint32_t)number("--threads", optarg, MOST_THREADS); break;
    case 'g': register_only(options, optarg); break;
    case 'o': options->is_direct = true; break;
    case 'S': options->seconds = duration(optarg); break;
    case 'i': options->ios = number("--ios", optarg, UINT64_MAX); break;
    case 'n': options->name = optarg; break;
    default: show_usage();
  }
}

struct options parse_options(int argc, char **argv) {
  struct options options = {
      .name = program_invocation_short_name, .registers_files = true, .registers_buffers = true, .registers_ring = true,
      .block = PAGE, .depth = 1, .regions = 1, .threads = 2, .seconds = 0.2,
  };
  int letter;
  while ((letter = getopt_long(argc, argv, "", names, NULL)) != -1) take(&options, letter);
  if (argc - optind != 2) show_usage();
  options.device = argv[optind];
  options.is_write = choice("OPERATION", argv[optind + 1], operations) == 1;
  uint32_t unit = options.shape == SHAPE_REGIONS ? PAGE : 512;
  if (options.block % unit != 0) {
    fprintf(stderr, "%s: --block %u is no multiple of %u\n", program_invocation_short_name, options.block, unit);
    exit(2);
  }
  return options;
}
