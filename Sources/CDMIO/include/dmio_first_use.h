#ifndef DMIO_FIRST_USE_H
#define DMIO_FIRST_USE_H

/* Uses everything once that the functions of dm_io.h are made of, and leaves nothing behind. */
void dmio_first_use(void);

#endif
