/* An io_uring, set up by liburing, as Swift sees it.
 *
 * liburing.h stays in ring.c: importing it beside Glibc or swift-system makes the compiler find two
 * definitions of the same structs. The structs here have names of their own; ring.c asserts that they
 * have the kernel's layout. */
#ifndef DMIO_RING_H
#define DMIO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dmio_sqe {
	uint64_t head;                  /* opcode | flags << 8 | ioprio << 16 | fd << 32 */
	uint64_t off;
	uint64_t addr;
	uint64_t transfer;              /* len | rw_flags << 32 */
	uint64_t user_data;
	uint64_t rest[3];               /* zero (buffer 0): nobody writes to it */
};

struct dmio_cqe {
	uint64_t user_data;
	int32_t res;
	uint32_t flags;
};

enum {
	DMIO_OP_READV = 1,
	DMIO_OP_WRITEV = 2,
	DMIO_OP_FSYNC = 3,
	DMIO_OP_READ_FIXED = 4,
	DMIO_OP_WRITE_FIXED = 5,
	DMIO_OP_POLL_ADD = 6,
	DMIO_OP_READ = 22,
	DMIO_OP_WRITE = 23,
	DMIO_OP_READV_FIXED = 60,       /* since Linux 6.15 */
	DMIO_OP_WRITEV_FIXED = 61,
};

enum {
	DMIO_SQE_FIXED_FILE = 1 << 8,   /* in head: fd is a place in the table of files */
	DMIO_FSYNC_DATASYNC = 1,
	DMIO_POLL_IN = 1,
	DMIO_RWF_DSYNC = 2,
	DMIO_RWF_ATOMIC = 0x40,
};

struct dmio_ring;

/* Where the two queues stand: set once by dmio_ring_create, then only read. */
struct dmio_ring_view {
	struct dmio_sqe *sqes;
	uint32_t *sqe_tail;             /* ours: up to where entries are to be submitted */
	const uint32_t *sq_head;        /* the kernel's: what it has taken */
	uint32_t sq_mask;
	uint32_t sq_entries;
	const struct dmio_cqe *cqes;
	uint32_t *cq_head;              /* ours: what we have taken */
	const uint32_t *cq_tail;        /* the kernel's: what it has put there */
	uint32_t cq_mask;
	uint32_t cq_entries;
};

/* Makes a ring with the best flags that the kernel knows and an empty table for at most `files` files. Unless it is
 * `shared`, the calling thread must be the only one to use it; else one at a time. Returns 0 or a negative errno; *ring
 * is set only on 0. */
int dmio_ring_create(unsigned entries, unsigned completions, unsigned files, bool shared, struct dmio_ring **ring);
/* Has the kernel signal `event` when the ring has something to reap, or to be let finish; 0 or a negative errno. */
int dmio_ring_signal(struct dmio_ring *ring, int event);
/* What can be read while completions stand ready. */
int dmio_ring_fd(const struct dmio_ring *ring);
const struct dmio_ring_view *dmio_ring_look(const struct dmio_ring *ring);
void dmio_ring_destroy(struct dmio_ring *ring);

/* Submits what was filled and runs what the kernel has deferred; waits for one completion if `wait`,
 * at most `timeout_ms` (below 0: as long as it takes). Returns 0 or a negative errno (-ETIME: the time is up). */
int dmio_ring_enter(struct dmio_ring *ring, bool wait, int64_t timeout_ms);

/* Registers a run of memory as the ring's buffer 0, once. Returns 0 or a negative errno; -ENOMEM: beyond RLIMIT_MEMLOCK. */
int dmio_ring_register_memory(struct dmio_ring *ring, void *base, size_t bytes);

/* True when the kernel knows the opcode. */
bool dmio_ring_knows(struct dmio_ring *ring, int opcode);

/* Puts a file into place `index` of the ring's table of files, or takes it out (-1). Returns 0 or a negative
 * errno; -ENXIO where the kernel gave no table, or a shorter one. */
int dmio_ring_set_file(struct dmio_ring *ring, unsigned index, int fd);

struct io_uring;
int io_uring_submit(struct io_uring *ring);

/* Submits what was filled and does nothing else: completions that the kernel has put off stay so. A negative errno, or not. */
static inline int dmio_ring_submit(struct dmio_ring *ring)
{
	/* liburing's ring stands first in ours. */
	return io_uring_submit((struct io_uring *)ring);
}

/* Inlined whatever the caller's size: each is a handful of instructions on the path of an I/O. */
#define DMIO_INLINE static inline __attribute__((always_inline))

/* What we have taken out. Atomic for ThreadSanitizer alone, which does not see that liburing unmaps a ring, and takes the next
 * one at that address for the same memory. */
DMIO_INLINE uint32_t dmio_ring_cq_head(struct dmio_ring_view view)
{
	return __atomic_load_n(view.cq_head, __ATOMIC_RELAXED);
}

/* How many entries from `tail` on can be filled before the kernel has to take some, or completions have to be taken out:
 * there is never more under way than the completion queue holds. */
DMIO_INLINE uint32_t dmio_ring_room(struct dmio_ring_view view, uint32_t tail)
{
	uint32_t entries = view.sq_entries - (tail - __atomic_load_n(view.sq_head, __ATOMIC_ACQUIRE));
	uint32_t completions = view.cq_entries - (tail - dmio_ring_cq_head(view));

	return entries < completions ? entries : completions;
}

/* True when something before `tail` was filled that the kernel has not been given. */
DMIO_INLINE bool dmio_ring_unsubmitted(struct dmio_ring_view view, uint32_t tail)
{
	return tail != __atomic_load_n(view.sq_head, __ATOMIC_ACQUIRE);
}

/* How many completions stand ready. */
DMIO_INLINE uint32_t dmio_ring_ready(struct dmio_ring_view view)
{
	return __atomic_load_n(view.cq_tail, __ATOMIC_ACQUIRE) - dmio_ring_cq_head(view);
}

/* Takes out the completion at `head`, which is dmio_ring_cq_head(); call only while dmio_ring_ready() said that there is one. */
DMIO_INLINE struct dmio_cqe dmio_ring_take(struct dmio_ring_view view, uint32_t head)
{
	struct dmio_cqe cqe = view.cqes[head & view.cq_mask];

	__atomic_store_n(view.cq_head, head + 1, __ATOMIC_RELEASE);
	return cqe;
}

#endif
