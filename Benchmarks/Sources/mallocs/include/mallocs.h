#ifndef MALLOCS_H
#define MALLOCS_H

/*
 * Preloaded into a program (LD_PRELOAD), counts its heap allocations and writes their number, one line, to the file
 * that this variable of the environment names, when the program
 * exits by itself, in a hurry or not.
 */
#define MALLOCS_FILE "DMIO_MALLOCS_FILE"

#endif
