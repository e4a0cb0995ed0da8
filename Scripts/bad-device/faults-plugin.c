/*
 * A disk in memory, for nbdkit, whose faults are scripted while it runs.
 *
 *     nbdkit faults-plugin.so size=64M rules=/some/file
 *
 * Every request looks at the rules file first. It holds one rule a line; empty
 * lines and lines that start with '#' are skipped:
 *
 *     OP FIRST COUNT ERRNO [DELAY_MS [TIMES]]
 *
 *   OP        r read, w write, z write zeroes, t trim, f flush, * all of these
 *             except flush
 *   FIRST     first sector of 512 bytes; a rule matches what touches one of its
 *   COUNT     sectors (a flush has none, so both are ignored)
 *   ERRNO     name or number of the error, 0 for none (a rule that only delays)
 *   DELAY_MS  wait so long before answering
 *   TIMES     match so often, then never again; -1, the default, is always
 *
 * All matching rules without an error add up their delays; the first one with
 * an error adds its own and decides. A file that cannot be parsed fails every
 * request with EINVAL: a misspelt rule must not look like a healthy disk. The
 * counts of TIMES start again whenever the text of the file changes.
 */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL

enum { SECTOR = 512, RULES_MAX = 256, TEXT_MAX = 16384 };

struct rule {
  char operation;
  uint64_t first;
  uint64_t count;
  int error;
  long delay_ms;
  long times_left; /* -1: without end */
};

struct verdict {
  int error;
  long delay_ms;
};

static int64_t size = 64 << 20;
static unsigned char *disk;
static char *rules_path;

/* The parsed rules and the text that they came from, all under one lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[TEXT_MAX];
static size_t text_length;
static struct rule rules[RULES_MAX];
static int rule_count;
static bool rules_are_bad;

/* The errors that NBD can carry. Any other would arrive as EINVAL, so it is refused instead. */
static const struct { const char *name; int number; } carried[] = {
  { "0", 0 }, { "EPERM", EPERM }, { "EIO", EIO }, { "ENOMEM", ENOMEM },
  { "EINVAL", EINVAL }, { "ENOSPC", ENOSPC }, { "EOVERFLOW", EOVERFLOW },
  { "EOPNOTSUPP", EOPNOTSUPP }, { "ESHUTDOWN", ESHUTDOWN },
};

static bool parse_error(const char *word, int *error)
{
  char *end;
  long number = strtol(word, &end, 10);
  bool is_number = end != word && *end == '\0';

  for (size_t i = 0; i < sizeof carried / sizeof carried[0]; i++) {
    if (is_number ? number == carried[i].number : strcmp(word, carried[i].name) == 0) {
      *error = carried[i].number;
      return true;
    }
  }
  return false;
}

/* True for a rule and for a line to skip; only a rule moves *used on. */
static bool parse_line(const char *line, struct rule *rule, int *used)
{
  char operation[4], error[32], rest;
  unsigned long long first, count;
  long delay_ms = 0, times = -1;

  while (isspace((unsigned char)*line)) line++;
  if (*line == '\0' || *line == '#') return true;

  int fields = sscanf(line, "%3s %llu %llu %31s %ld %ld %c", operation, &first, &count, error,
                      &delay_ms, &times, &rest);
  if (fields < 4 || fields > 6) return false;
  if (operation[1] != '\0' || strchr("rwztf*", operation[0]) == NULL) return false;
  if (first > UINT64_MAX / SECTOR - count || count > UINT64_MAX / SECTOR) return false;
  if (delay_ms < 0 || times < -1) return false;
  if (!parse_error(error, &rule->error)) return false;

  rule->operation = operation[0];
  rule->first = first;
  rule->count = count;
  rule->delay_ms = delay_ms;
  rule->times_left = times;
  ++*used;
  return true;
}

static bool parse_text(const char *source)
{
  char copy[TEXT_MAX], *cursor = copy, *line;

  strcpy(copy, source);
  rule_count = 0;
  for (int number = 1; (line = strsep(&cursor, "\n")) != NULL; number++) {
    if (rule_count == RULES_MAX || !parse_line(line, &rules[rule_count], &rule_count)) {
      nbdkit_error("%s:%d: not a rule: %s", rules_path, number, line);
      return false;
    }
  }
  return true;
}

/*
 * The text is compared, not the time of the file: two changes within one tick
 * of the file system's clock must both be seen.
 */
static void refresh_rules(void)
{
  char now[TEXT_MAX];
  size_t length = 0;
  FILE *file = fopen(rules_path, "re");

  if (file != NULL) {
    length = fread(now, 1, sizeof now - 1, file);
    fclose(file);
  }
  now[length] = '\0';
  if (length == text_length && memcmp(now, text, length) == 0) return;

  memcpy(text, now, length + 1);
  text_length = length;
  rules_are_bad = length == sizeof now - 1 || strlen(now) != length || !parse_text(now);
}

static bool matches(const struct rule *rule, char operation, uint64_t offset, uint64_t length)
{
  if (rule->times_left == 0) return false;
  if (operation == 'f') return rule->operation == 'f';
  if (rule->operation != operation && rule->operation != '*') return false;
  return offset < (rule->first + rule->count) * SECTOR && rule->first * SECTOR < offset + length;
}

static struct verdict judge(char operation, uint64_t offset, uint64_t length)
{
  struct verdict verdict = { 0, 0 };

  pthread_mutex_lock(&lock);
  refresh_rules();
  if (rules_are_bad) verdict.error = EINVAL;
  for (int i = 0; i < rule_count && verdict.error == 0; i++) {
    struct rule *rule = &rules[i];
    if (!matches(rule, operation, offset, length)) continue;
    if (rule->times_left > 0) rule->times_left--;
    verdict.delay_ms += rule->delay_ms;
    verdict.error = rule->error;
  }
  pthread_mutex_unlock(&lock);
  return verdict;
}

/* 0: carry the operation out. -1: it failed, and nbdkit knows the error. */
static int fault(char operation, uint64_t offset, uint64_t length)
{
  struct verdict verdict = judge(operation, offset, length);

  if (verdict.delay_ms > 0) {
    struct timespec left = { verdict.delay_ms / 1000, verdict.delay_ms % 1000 * 1000000L };
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {}
  }
  if (verdict.error == 0) return 0;
  nbdkit_error("scripted: %c at byte %llu: %s", operation, (unsigned long long)offset,
               strerror(verdict.error));
  nbdkit_set_error(verdict.error);
  return -1;
}

static int faults_config(const char *key, const char *value)
{
  if (strcmp(key, "size") == 0) return (size = nbdkit_parse_size(value)) < 0 ? -1 : 0;
  if (strcmp(key, "rules") == 0) return (rules_path = nbdkit_absolute_path(value)) == NULL ? -1 : 0;
  nbdkit_error("unknown parameter: %s", key);
  return -1;
}

static int faults_config_complete(void)
{
  if (rules_path != NULL) return 0;
  nbdkit_error("rules=FILE is needed");
  return -1;
}

static int faults_get_ready(void)
{
  disk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (disk != MAP_FAILED) return 0;
  nbdkit_error("mmap: %m");
  return -1;
}

static void *faults_open(int readonly)
{
  (void)readonly;
  return disk;
}

static int64_t faults_get_size(void *handle)
{
  (void)handle;
  return size;
}

static int faults_pread(void *handle, void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
  (void)handle, (void)flags;
  if (fault('r', offset, count) == -1) return -1;
  memcpy(buffer, disk + offset, count);
  return 0;
}

static int faults_pwrite(void *handle, const void *buffer, uint32_t count, uint64_t offset, uint32_t flags)
{
  (void)handle, (void)flags;
  if (fault('w', offset, count) == -1) return -1;
  memcpy(disk + offset, buffer, count);
  return 0;
}

static int faults_zero(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
  (void)handle, (void)flags;
  if (fault('z', offset, count) == -1) return -1;
  memset(disk + offset, 0, count);
  return 0;
}

static int faults_trim(void *handle, uint32_t count, uint64_t offset, uint32_t flags)
{
  (void)handle, (void)flags;
  if (fault('t', offset, count) == -1) return -1;
  memset(disk + offset, 0, count);
  return 0;
}

static int faults_flush(void *handle, uint32_t flags)
{
  (void)handle, (void)flags;
  return fault('f', 0, 0);
}

static int faults_can(void *handle)
{
  (void)handle;
  return 1;
}

/* Memory is as stable as this disk gets, so FUA costs nothing and needs no flush. */
static int faults_can_fua(void *handle)
{
  (void)handle;
  return NBDKIT_FUA_NATIVE;
}

static struct nbdkit_plugin plugin = {
  .name = "faults", .config = faults_config, .config_complete = faults_config_complete,
  .get_ready = faults_get_ready, .open = faults_open, .get_size = faults_get_size,
  .pread = faults_pread, .pwrite = faults_pwrite, .zero = faults_zero, .trim = faults_trim,
  .flush = faults_flush, .can_flush = faults_can, .can_trim = faults_can, .can_zero = faults_can,
  .can_multi_conn = faults_can, .can_fua = faults_can_fua,
};

NBDKIT_REGISTER_PLUGIN(plugin)
