/*
 * dm_io.h: the block I/O service of the kernel's device mapper (Documentation/device-mapper/dm-io.txt), in user space.
 *
 * Read from one region of a block device, or write to up to 64 at once; a bitset says which regions failed. Bit i of it
 * belongs to region i, 64 bits wide. Sectors are 512 bytes on every device.
 *
 * Calls. A call that is refused returns a negative errno, starts nothing, leaves the word for the bits alone and calls nobody:
 *   -EINVAL   something is wrong in the call itself: more than 64 regions, no device, no memory, an offset outside of its page or
 *             of no multiple of 512 bytes, a vector beyond its page or not of whole sectors of it, a sector or a sum of sector and
 *             count beyond 2^54, an unknown flag or operation; a pointer to a request, to regions, nodes, vectors, to the bits or
 *             the errors that is not aligned as its type has to be (a buffer may stand anywhere); or a handle that was made before
 *             a fork and is used in the child
 *   -E2BIG    a request of a newer header asks for something that this library does not know
 *   -EIO      a read of more than one region
 *   -EDEADLK  a synchronous request, or a poll that waits, inside a callback of any client; and what would wait there for a client that
 *             is not driven, inside a callback of another such one
 *   -EPERM    a driven client on another thread than the one that made it
 *   -EAGAIN   too many requests wait already
 *   -ESHUTDOWN  the client is being destroyed, which waits for the callback that makes this call
 *   and what making the client of dm-io.txt says at the first call that uses it: -ENOMEM, -EMFILE or -ENFILE without descriptors for it,
 *             -EAGAIN without a thread. Such a call can be made again
 * A synchronous call that was not refused returns 0, or -EIO with the bits. An asynchronous call that was not refused returns 0, and
 * its callback runs exactly once, with the bits, never inside the call. Of no regions nobody looks where they are: such a request succeeds.
 *
 * Memory. A request gets the same bytes for each of its regions: as many as the longest has. The bytes, and the nodes or vectors that
 * lead to them, belong to the caller, who leaves them alone until the request is over. The request itself, the array of regions and the
 * name of a device are copied, and may be used for something else when the call has returned; the array of errors has to stay until an
 * asynchronous request is over. A context is passed on and not looked at. Memory has to be there: what is missing is EFAULT from a file,
 * and ends the program where the library itself copies, for "ram:" and "null:" for instance.
 *
 * Threads. Every function can be called by any thread at any time, unless its comment says otherwise. No thread is cancelled inside of
 * one (pthread_cancel with the deferred type, which is the usual one): a cancellation waits until the call has returned, and so it does
 * in callbacks, which run with cancellation disabled.
 *
 * Forks. A child can use nothing that was made before the fork but dm_io_device_sectors, and makes its own, whatever other threads were
 * doing when the fork came. One that is forked inside a callback does not return from that.
 * So that it can, the first call that opens a device or makes a client uses everything once, which takes some milliseconds.
 */
#ifndef DM_IO_H
#define DM_IO_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#if ULONG_MAX != UINT64_MAX
#error "the error bits are 64 and come in an unsigned long, which has fewer here"
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t sector_t; /* sectors of 512 bytes */

struct block_device; /* a device that was opened */
struct page;	     /* 4096 bytes, aligned to as many */
struct dm_io_client; /* a reservation of memory, and the thread that completes requests */

/* How a device is opened. */
enum { DM_IO_RDONLY = 0, DM_IO_RDWR = 2, DM_IO_BUFFERED = 4, DM_IO_CHARACTER = 8 };

/*
 * Opens a path, or "ram:64MiB", "null:1GiB", "fault:plan.json,DEVICE" as dmio takes them. Files and block devices are opened with
 * O_DIRECT, or through the page cache with DM_IO_BUFFERED. What is opened without DM_IO_RDWR cannot be changed, "ram:" and "null:" neither:
 * that fails with EBADF. With DM_IO_CHARACTER character devices are opened, too, and taken to have 1 GiB: for measuring what a request
 * costs, with /dev/null and /dev/zero. Returns 0, or a negative errno and leaves *bdev alone:
 *   -EINVAL   no name, flags that there are not, a name, size or plan that makes no sense
 *   -ENOTBLK  neither a file nor a block device, nor, where they are asked for, a character device
 *   -EMFILE   too many descriptors, or 4096 devices are open
 *   -ENOMEM   no memory for it
 *   and what open(2) says of the device or the plan: -ENOENT, -EACCES, -EISDIR, -ENOTDIR, -ENXIO, -ENAMETOOLONG, -ELOOP, -EROFS…
 */
int dm_io_device_open(const char *name, unsigned int flags, struct block_device **bdev);

/*
 * Closes a device; NULL is none. No call may use it from then on. Requests that were handed in go on to their end, also those that
 * wait; then the file is closed. What a fault device lets hang ends with ENODEV.
 */
void dm_io_device_close(struct block_device *bdev);

/* The size of a device, as it was when it was opened; 0 for NULL. A child may ask it of a device that was opened before the fork. */
sector_t dm_io_device_sectors(const struct block_device *bdev);

/* A page, to be given back with dm_io_page_free; NULL when there is no memory. What is in it is not defined. */
struct page *dm_io_page_alloc(void);

/* Gives a page back that no request uses any more; NULL is none. */
void dm_io_page_free(struct page *page);

/* The first byte of a page. */
void *dm_io_page_address(const struct page *page);

struct io_region {
	struct block_device *bdev;
	sector_t sector; /* the first */
	sector_t count;
};

/*
 * A list of pages. It may be circular, and longer than the request. With such a list a request may have any length: one of 2^50 sectors to
 * "null:" keeps its client busy for that long, and the common client is everybody's.
 */
struct page_list {
	struct page_list *next;
	struct page *page;
};

/* Bytes of a page. An array of these is as long as the request needs. */
struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len;	/* a multiple of 512 */
	unsigned int bv_offset; /* a multiple of 512; bv_offset + bv_len is at most 4096 */
};

/*
 * Told the bits when a request is over: by then nothing of it is looked at any more. It runs on the client's thread, one at a time. It
 * may submit, free the memory and destroy clients; what would wait returns -EDEADLK in it. It has to return: no pthread_exit, no longjmp
 * out of it, no exception of C++.
 */
typedef void (*io_notify_fn)(unsigned long error, void *context);

/* ---- dm-io.txt ---------------------------------------------------------------------------------------------------------------- */

/*
 * Reserves memory for so many pages in flight, on top of what is reserved. What does not fit into the reservation waits in line. Without
 * any the service works as well, one request at a time. Returns 0, -EINVAL for too many, -ENOMEM, or -EDEADLK inside a callback of another
 * client that is not driven; as the first call also what making the client says: -ENOMEM, -EMFILE, -ENFILE, -EAGAIN.
 */
int dm_io_get(unsigned int num_pages);

/* Gives a reservation back; more than there is takes it to none. In a callback of another client that may happen some time later. */
void dm_io_put(unsigned int num_pages);

/* `rw` is one of DM_IO_READ and DM_IO_WRITE, or-ed with DM_IO_FUA, DM_IO_PREFLUSH, DM_IO_SYNC. `error_bits` may be NULL. */

/* The data are in a list of pages and begin `offset` bytes into the first, a multiple of 512. */
int dm_io_sync(unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset,
	       unsigned long *error_bits);
int dm_io_async(unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset, io_notify_fn fn,
		void *context);

/* The data are in an array of vectors. */
int dm_io_sync_bvec(unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec, unsigned long *error_bits);
int dm_io_async_bvec(unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec, io_notify_fn fn, void *context);

/* The data are in a buffer. Aligned to 4096 bytes it is never copied. */
int dm_io_sync_vm(unsigned int num_regions, struct io_region *where, int rw, void *data, unsigned long *error_bits);
int dm_io_async_vm(unsigned int num_regions, struct io_region *where, int rw, void *data, io_notify_fn fn, void *context);

/* ---- the request interface (Linux 2.6.22 and later) --------------------------------------------------------------------------- */

#define dm_io_region io_region

/*
 * A flush makes durable what was completed before, on the device of every region; sector and count mean nothing. A discard gives
 * the contents up; what is read afterwards is not known. Neither those nor zeros take memory.
 */
enum dm_io_op { DM_IO_READ = 0, DM_IO_WRITE = 1, DM_IO_FLUSH, DM_IO_DISCARD, DM_IO_WRITE_ZEROES };

/* The data are durable when the request is over; the devices are flushed first; the request waits before those without this. */
#ifdef __cplusplus
/* Numbers here: the values of two enumerations are not or-ed in C++. */
static const int DM_IO_FUA = 1 << 8, DM_IO_PREFLUSH = 1 << 9, DM_IO_SYNC = 1 << 10;
#else
enum { DM_IO_FUA = 1 << 8, DM_IO_PREFLUSH = 1 << 9, DM_IO_SYNC = 1 << 10 };
#endif

enum dm_io_mem_type {
	DM_IO_PAGE_LIST, /* ptr.pl; the data begin `offset` bytes into the first page */
	DM_IO_BVEC,	 /* ptr.bvec */
	DM_IO_VMA,	 /* ptr.vma: a buffer */
	DM_IO_KMEM	 /* ptr.addr: the same */
};

struct dm_io_memory {
	enum dm_io_mem_type type;
	unsigned int offset; /* of a page list; of others it is not looked at */
	union {
		struct page_list *pl;
		struct bio_vec *bvec;
		void *vma;
		void *addr;
	} ptr;
};

struct dm_io_notify {
	io_notify_fn fn; /* NULL: synchronous */
	void *context;
};

struct dm_io_region_error {
	int error;	 /* the first errno, positive; 0 for a region that did not fail */
	sector_t sector; /* the first sector that failed, counted from the start of the device */
};

/*
 * The errno of a region is what the device or the kernel says, most often EIO, ENOSPC, ETIMEDOUT, or what a plan has for it; and
 *   EIO         also beyond the end of the device, and for any change after a flush that failed: nothing can be trusted from then on
 *   EINVAL      sector and count are no multiples of the device's logical block
 *   EBADF       a change of a device that was opened without DM_IO_RDWR
 *   EOPNOTSUPP  a discard or zeros where the device has no such thing
 *   EFAULT      the memory is not there
 *   ENODEV      the device was closed meanwhile, or has vanished
 *   ENOMEM      no memory on the way
 */

struct dm_io_request {
	size_t size;  /* sizeof(struct dm_io_request); a larger one, up to 4096, is taken where all beyond is zero */
	int op_flags; /* an operation, or-ed with flags */
	struct dm_io_memory mem;
	struct dm_io_notify notify;
	struct dm_io_client *client;	   /* NULL: the one of the functions of dm-io.txt */
	struct dm_io_region_error *errors; /* NULL, or an entry for each region, filled before the request is over */
};

enum { DM_IO_DRIVEN = 1 };

/*
 * Makes a client that has reserved memory for `pages` pages in flight, 1 or more. Its callbacks run on whichever thread polls it, or on one
 * of its own. With DM_IO_DRIVEN it belongs to the thread that makes it, and callbacks run in dm_io_client_poll there, and in synchronous
 * requests. NULL and errno where that fails: EINVAL for no pages, too many or a flag that there is not, ENOMEM, EMFILE or ENFILE without
 * descriptors for it, EAGAIN without a thread.
 */
struct dm_io_client *dm_io_client_create(unsigned int pages, unsigned int flags);

/*
 * Ends a client; NULL is none. Waits for what is in flight. Inside a callback of the client it does not, and neither
 * inside one of another where none of the two is driven: the rest is called back afterwards, before the call in which the callback runs returns if the client is driven. No call may use the client from then on.
 * A driven client is ended on its own thread, before that ends; elsewhere nothing is done, and what belongs to the client stays for ever.
 */
void dm_io_client_destroy(struct dm_io_client *client);

/* Changes the reservation to `pages` pages, 1 or more. What is in flight keeps what it has. */
int dm_io_client_resize(struct dm_io_client *client, unsigned int pages);

/*
 * A descriptor that is readable while a driven client has something to do in dm_io_client_poll: for poll(2) and the like. It
 * belongs to the client. It tells of what has completed, not of what was submitted or resized since and dm_io_client_poll has still to
 * send: poll once after that, before waiting for it. -EINVAL for a client that is not driven: nobody has to poll it.
 */
int dm_io_client_event_fd(struct dm_io_client *client);

/*
 * Sends what was submitted, and runs the callbacks of what is over. Waits until at least one request has ended, at most `timeout_ms`
 * milliseconds, also where nothing is under way; below 0 for as long as anything is. Signals do not end the wait. Returns how many requests
 * ended; 0 where none did in that time, or where below 0 nothing is under way; or a negative errno: -EINVAL, -EPERM, -EDEADLK. A client that
 * is not driven can be polled by any thread, and need not be.
 */
int dm_io_client_poll(struct dm_io_client *client, int timeout_ms);

/*
 * A request. Synchronous ones fill *sync_error_bits, unless that is NULL; `ioprio` is as for ioprio_set(2), 0 for none.
 */
int dm_io(struct dm_io_request *req, unsigned int num_regions, struct dm_io_region *region, unsigned long *sync_error_bits,
	  unsigned short ioprio);

#ifdef __cplusplus
}
#endif

#endif
