#define _GNU_SOURCE 1
#if !__has_include(<liburing.h>)
#error "liburing is missing: apt-get install liburing-dev"
#endif
#include "dmio_ring.h"

#include <errno.h>
#include <liburing.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SAME(ours, theirs)                                                                             \
	_Static_assert(offsetof(struct dmio_sqe, ours) == offsetof(struct io_uring_sqe, theirs), #ours)

_Static_assert(sizeof(struct dmio_sqe) == sizeof(struct io_uring_sqe), "sqe");
_Static_assert(sizeof(struct dmio_cqe) == sizeof(struct io_uring_cqe), "cqe");
_Static_assert(offsetof(struct dmio_cqe, res) == offsetof(struct io_uring_cqe, res), "res");
SAME(head, opcode);
_Static_assert(offsetof(struct io_uring_sqe, flags) == 1 && offsetof(struct io_uring_sqe, ioprio) == 2, "head");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "head");
_Static_assert(offsetof(struct io_uring_sqe, fd) == 4 && sizeof(((struct io_uring_sqe *)0)->fd) == 4, "head");
SAME(off, off);
SAME(addr, addr);
SAME(transfer, len);
_Static_assert(offsetof(struct io_uring_sqe, rw_flags) == offsetof(struct dmio_sqe, transfer) + 4, "transfer");
SAME(user_data, user_data);
SAME(rest, buf_index);
_Static_assert((int)DMIO_OP_READV == (int)IORING_OP_READV, "readv");
_Static_assert((int)DMIO_OP_WRITEV == (int)IORING_OP_WRITEV, "writev");
_Static_assert((int)DMIO_OP_FSYNC == (int)IORING_OP_FSYNC, "fsync");
_Static_assert((int)DMIO_OP_READ_FIXED == (int)IORING_OP_READ_FIXED, "read_fixed");
_Static_assert((int)DMIO_OP_WRITE_FIXED == (int)IORING_OP_WRITE_FIXED, "write_fixed");
_Static_assert((int)DMIO_OP_POLL_ADD == (int)IORING_OP_POLL_ADD, "poll");
_Static_assert((int)DMIO_OP_READ == (int)IORING_OP_READ, "read");
_Static_assert((int)DMIO_OP_WRITE == (int)IORING_OP_WRITE, "write");

struct dmio_ring {
	struct io_uring uring;
	struct dmio_ring_view view;
	unsigned files;
};

_Static_assert(offsetof(struct dmio_ring, uring) == 0, "dmio_ring_submit");

/* IORING_SETUP_NO_SQARRAY, since Linux 6.6: newer than the liburing that is asked for. */
enum { SETUP_NO_SQARRAY = 1 << 16 };

/* Best first: what an older kernel refuses with EINVAL is left out in the next. */
static const unsigned own_steps[] = {
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | SETUP_NO_SQARRAY,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
	0,
};

/* The thread that submitted may be busy elsewhere while another waits: the kernel has to interrupt it, not to wait until
 * it comes back. */
static const unsigned shared_steps[] = { IORING_SETUP_SUBMIT_ALL | SETUP_NO_SQARRAY, IORING_SETUP_SUBMIT_ALL, 0, 0 };

static const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG;

/* Sets a ring up as liburing does it from 2.6 on, whatever the version: where the kernel takes entries from where they
 * stand, without an array that says which is next, that look-up is spared for each. */
static int set_up(struct io_uring *uring, unsigned entries, struct io_uring_params *params)
{
	int fd = (int)syscall(SYS_io_uring_setup, entries, params);
	int rc;

	if (fd < 0)
		return -errno;
	rc = io_uring_queue_mmap(fd, params, uring);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	uring->features = params->features;
	if (!(params->flags & SETUP_NO_SQARRAY)) {
		for (unsigned i = 0; i < params->sq_entries; i++)
			uring->sq.array[i] = i;
	}
	return 0;
}

static void look(struct io_uring *uring, struct dmio_ring_view *view)
{
	view->sqes = (struct dmio_sqe *)uring->sq.sqes;
	view->sqe_tail = &uring->sq.sqe_tail;
	view->sq_head = uring->sq.khead;
	view->sq_mask = *uring->sq.kring_mask;
	view->sq_entries = *uring->sq.kring_entries;
	view->cqes = (const struct dmio_cqe *)uring->cq.cqes;
	view->cq_head = uring->cq.khead;
	view->cq_tail = uring->cq.ktail;
	view->cq_mask = *uring->cq.kring_mask;
	view->cq_entries = *uring->cq.kring_entries;
}

/* A table of files spares the kernel a look-up and two counts for each I/O. The kernel allows it as many places
 * as the process may have files. */
static unsigned make_table(struct io_uring *uring, unsigned files)
{
	while (files && io_uring_register_files_sparse(uring, files) < 0)
		files /= 2;
	return files;
}

int dmio_ring_create(unsigned entries, unsigned completions, unsigned files, bool shared, struct dmio_ring **ring)
{
	const unsigned *steps = shared ? shared_steps : own_steps;
	struct dmio_ring *made = calloc(1, sizeof(*made));
	int rc = -EINVAL;

	if (!made)
		return -ENOMEM;
	for (size_t i = 0; i < 4 && rc == -EINVAL; i++) {
		struct io_uring_params params = {
			.flags = steps[i] | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE,
			.cq_entries = completions,
		};

		rc = set_up(&made->uring, entries, &params);
		/* Without these a completion could be lost, an iovec be read after enter has returned, and a
		 * wait with a time limit leave a completion of its own behind. */
		if (rc == 0 && (params.features & needed) != needed) {
			io_uring_queue_exit(&made->uring);
			rc = -ENOSYS;
		}
	}
	if (rc < 0) {
		free(made);
		return rc;
	}
	io_uring_ring_dontfork(&made->uring);
	/* Without either of the two all goes on, a little slower. A registered descriptor is known to its thread alone. */
	if (!shared)
		io_uring_register_ring_fd(&made->uring);
	made->files = make_table(&made->uring, files);
	look(&made->uring, &made->view);
	*ring = made;
	return 0;
}

const struct dmio_ring_view *dmio_ring_look(const struct dmio_ring *ring)
{
	return &ring->view;
}

int dmio_ring_fd(const struct dmio_ring *ring)
{
	return ring->uring.ring_fd;
}

int dmio_ring_signal(struct dmio_ring *ring, int event)
{
	return io_uring_register_eventfd(&ring->uring, event);
}

void dmio_ring_destroy(struct dmio_ring *ring)
{
	io_uring_queue_exit(&ring->uring);
	free(ring);
}

int dmio_ring_register_memory(struct dmio_ring *ring, void *base, size_t bytes)
{
	struct iovec vector = { base, bytes };

	return io_uring_register_buffers(&ring->uring, &vector, 1);
}

bool dmio_ring_knows(struct dmio_ring *ring, int opcode)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(&ring->uring);
	bool known = probe && io_uring_opcode_supported(probe, opcode);

	io_uring_free_probe(probe);
	return known;
}

int dmio_ring_set_file(struct dmio_ring *ring, unsigned index, int fd)
{
	int rc;

	if (index >= ring->files)
		return -ENXIO;
	rc = io_uring_register_files_update(&ring->uring, index, &fd, 1);
	return rc < 0 ? rc : 0;
}

int dmio_ring_enter(struct dmio_ring *ring, bool wait, int64_t timeout_ms)
{
	int rc;

	if (!wait) {
		rc = io_uring_submit_and_get_events(&ring->uring);
	} else if (timeout_ms < 0) {
		rc = io_uring_submit_and_wait(&ring->uring, 1);
	} else {
		struct __kernel_timespec ts = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };
		struct io_uring_cqe *cqe;

		rc = io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, &ts, NULL);
	}
	return rc < 0 ? rc : 0;
}
