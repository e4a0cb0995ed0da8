/* An io_uring, set up by liburing, as Swift sees it.
 *
 * liburing.h stays in ring.c: importing it beside Glibc or swift-system makes the compiler find two
 * definitions of the same structs. The structs here have names of their own; ring.c asserts that they
 * have the kernel's layout. */
#ifndef DMIO_RING_H
#define DMIO_RING_H

#include <stdbool.h>
#include <stdint.h>

struct dmio_sqe {
	uint8_t opcode;
	uint8_t flags;
	uint16_t ioprio;
	int32_t fd;
	uint64_t off;
	uint64_t addr;
	uint32_t len;
	uint32_t rw_flags;
	uint64_t user_data;
	uint64_t rest[3];
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
	DMIO_OP_POLL_ADD = 6,
	DMIO_OP_READ = 22,
	DMIO_OP_WRITE = 23,
};

enum {
	DMIO_FSYNC_DATASYNC = 1,
	DMIO_POLL_IN = 1,
	DMIO_RWF_DSYNC = 2,
	DMIO_RWF_ATOMIC = 0x40,
};

struct dmio_ring;

/* Where the two queues stand: set once by dmio_ring_create, then only read. */
struct dmio_ring_view {
	struct dmio_sqe *sqes;
	uint32_t *sqe_tail;             /* ours: the next entry to fill */
	const uint32_t *sq_head;        /* the kernel's: what it has taken */
	uint32_t sq_mask;
	uint32_t sq_entries;
	const struct dmio_cqe *cqes;
	uint32_t *cq_head;              /* ours: what we have taken */
	const uint32_t *cq_tail;        /* the kernel's: what it has put there */
	uint32_t cq_mask;
};

/* Makes a ring on the calling thread, which must be the only one to use it, with the best flags that
 * the kernel knows. Returns 0 or a negative errno; *ring is set only on 0. */
int dmio_ring_create(unsigned entries, unsigned completions, struct dmio_ring **ring);
const struct dmio_ring_view *dmio_ring_look(const struct dmio_ring *ring);
void dmio_ring_destroy(struct dmio_ring *ring);

/* Submits what was filled and runs what the kernel has deferred; waits for one completion if `wait`,
 * at most `timeout_ms` (below 0: as long as it takes). Returns 0 or a negative errno (-ETIME: the time is up). */
int dmio_ring_enter(struct dmio_ring *ring, bool wait, int64_t timeout_ms);

/* The next free submission entry, cleared; NULL when the queue is full. */
static inline struct dmio_sqe *dmio_ring_next(const struct dmio_ring_view *view)
{
	uint32_t tail = *view->sqe_tail;
	struct dmio_sqe *sqe;

	if (tail - __atomic_load_n(view->sq_head, __ATOMIC_ACQUIRE) >= view->sq_entries)
		return 0;
	*view->sqe_tail = tail + 1;
	sqe = &view->sqes[tail & view->sq_mask];
	sqe->rest[0] = sqe->rest[1] = sqe->rest[2] = 0;
	return sqe;
}

/* True when something was filled that the kernel has not been given. */
static inline bool dmio_ring_unsubmitted(const struct dmio_ring_view *view)
{
	return *view->sqe_tail != __atomic_load_n(view->sq_head, __ATOMIC_ACQUIRE);
}

/* How many completions stand ready. */
static inline uint32_t dmio_ring_ready(const struct dmio_ring_view *view)
{
	return __atomic_load_n(view->cq_tail, __ATOMIC_ACQUIRE) - *view->cq_head;
}

/* Takes one completion out; call only while dmio_ring_ready() said that there is one. */
static inline struct dmio_cqe dmio_ring_take(const struct dmio_ring_view *view)
{
	uint32_t head = *view->cq_head;
	struct dmio_cqe cqe = view->cqes[head & view->cq_mask];

	__atomic_store_n(view->cq_head, head + 1, __ATOMIC_RELEASE);
	return cqe;
}

#endif
