#define _GNU_SOURCE 1
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* allocate FUNCTION N [hurry]: calls one of the functions that allocate N times, for the test of the counter. */
int main(int argc, char **argv) {
  if (argc < 3) return 2;
  for (long left = atol(argv[2]); left > 0; left--) {
    /* Volatile, or the compiler leaves out what nobody uses. */
    void *volatile memory = NULL;
    void *aligned;
    if (strcmp(argv[1], "malloc") == 0) memory = malloc(100);
    else if (strcmp(argv[1], "calloc") == 0) memory = calloc(10, 10);
    else if (strcmp(argv[1], "realloc") == 0) memory = realloc(NULL, 100);
    else if (strcmp(argv[1], "memalign") == 0) memory = memalign(4096, 100);
    else if (strcmp(argv[1], "aligned_alloc") == 0) memory = aligned_alloc(4096, 4096);
    else if (strcmp(argv[1], "posix_memalign") == 0) memory = posix_memalign(&aligned, 4096, 100) == 0 ? aligned : NULL;
    if (memory == NULL) return 1;
    free(memory);
  }
  if (argc > 3) _exit(0);
  return 0;
}
