/* The system calls that the service makes, each with its error as a negative number. */
#ifndef DMIO_SYSTEM_H
#define DMIO_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* A run of memory: the layout of struct iovec. */
struct dmio_vector {
	void *base;
	size_t length;
};

/* In the program's own block of thread-local memory: looking there is one load, in a library too, and not a call. */
extern _Thread_local uintptr_t dmio_thread_number __attribute__((tls_model("initial-exec")));
uintptr_t dmio_number_thread(void);

/* A number that no other thread has, has had or will have. */
static inline uintptr_t dmio_thread_id(void)
{
	uintptr_t number = dmio_thread_number;

	return number ? number : dmio_number_thread();
}

/* The same for comparing with a thread that has its number: 0 on a thread that has none yet. */
static inline uintptr_t dmio_thread_id_or_zero(void)
{
	return dmio_thread_number;
}

/* How many clients that others share with it the calling thread keeps busy: it runs their callbacks. */
extern _Thread_local int dmio_seats __attribute__((tls_model("initial-exec")));
static inline bool dmio_is_seated(void)
{
	return dmio_seats > 0;
}
static inline void dmio_count_seat(int change)
{
	dmio_seats += change;
}

/* How many turns of clients, of any kind, the calling thread is in: what it does then is done in a callback. */
extern _Thread_local int dmio_turns __attribute__((tls_model("initial-exec")));
static inline bool dmio_is_turning(void)
{
	return dmio_turns > 0;
}
static inline void dmio_count_turn(int change)
{
	dmio_turns += change;
}

/* A word as it stands, in a load of its own: one that takes its neighbour along has to wait where either was written just before. */
static inline uint64_t dmio_read_alone(const uint64_t *word)
{
	return *(const volatile uint64_t *)word;
}

/* Keeps the calling thread from being cancelled, whatever it calls; returns how that was before, for the other one. */
int dmio_hold_cancellation(void);
void dmio_restore_cancellation(int before);

/* Names the calling thread, for ps and debuggers. */
void dmio_name_thread(const char *name);

/* Sleeps while *word == value; returns on a wake, a signal, after `timeout_ms` (below 0: never), or at once when it differs. */
void dmio_futex_wait(const uint32_t *word, uint32_t value, int64_t timeout_ms);
void dmio_futex_wake(const uint32_t *word, int waiters);

static inline uint32_t dmio_futex_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void dmio_futex_add(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_ACQ_REL);
}

int dmio_event_create(void);
void dmio_event_signal(int fd);
void dmio_event_clear(int fd);
/* A descriptor that is readable while `event` is, or a negative errno. */
int dmio_watch_create(int event);
/* A timer that makes `watch` readable, or a negative errno; and the time when it does, on the clock of dmio_now_ms, below 0 for never. */
int dmio_timer_create(int watch);
void dmio_timer_set(int timer, int64_t due_ms);
/* How many forks there were since the program began: read where it is used, as every request asks. */
extern uint32_t dmio_fork_count __attribute__((visibility("hidden")));
static inline uint32_t dmio_forks(void)
{
	return dmio_fork_count;
}

/*
 * Runs `use` once in a process, before the first call that needs it returns. A fork waits for it, and for the threads that it starts:
 * what the Swift runtime makes at its first use, behind locks of its own, is there then, or nobody is making it.
 */
void dmio_use_first(void (*use)(void));
/* Count the threads of our own. */
void dmio_thread_begins(void);
void dmio_thread_ends(void);

/* Small numbers, each given to one at a time; -1 when all are taken. */
enum { DMIO_NUMBERS = 4096 };
int dmio_number_take(void);
void dmio_number_put(int number);
/* Waits until the event `fd`, or `other` unless that is below 0, can be read, at most `timeout_ms` (below 0: as long as it
 * takes), and clears the event. */
void dmio_event_wait(int fd, int other, int64_t timeout_ms);

int64_t dmio_now_ms(void);

/* Processors that this process may use at once. */
int dmio_processors(void);

/* Tells the processor that the calling thread looks at a word again and again. */
static inline void dmio_spin(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb");
#endif
}

/* Anonymous memory, page-aligned and zero; `populate`: really there. NULL when there is none. */
void *dmio_map(size_t bytes, bool populate);
/* Makes sure that mapped memory is really there; false when it cannot be had. */
bool dmio_populate(void *base, size_t bytes);
void dmio_unmap(void *base, size_t bytes);
/* Gives the memory itself back; the addresses stay and read as zeros. */
void dmio_give_back(void *base, size_t bytes);

/* What open and the probes found out about a file. */
struct dmio_file {
	uint64_t bytes;
	uint64_t device;                /* st_dev, st_ino, st_rdev */
	uint64_t inode;
	uint64_t special;
	uint32_t logical_block;         /* bytes; 512 for buffered files */
	uint32_t memory_alignment;      /* bytes; 1 when not O_DIRECT */
	bool is_block;
	bool is_character;
	bool is_directory;
	bool is_regular;
	bool is_direct;
	bool is_writable;
	bool is_alignment_told;         /* by the kernel (statx); else it was found by trying, or there is none */
	bool is_in_memory;              /* its bytes are in this machine's memory: no transfer waits for a device */
	int nowait;                     /* 0: works; else the errno of a read with RWF_NOWAIT */
};

enum { DMIO_OPEN_WRITE = 1, DMIO_OPEN_DIRECT = 2, DMIO_OPEN_EXCLUSIVE = 4 };

/* Opens an existing file or device; `path` is bytes, as the kernel takes them. Descriptor or -errno. */
int dmio_file_open(const char *path, unsigned flags);
/* Looks at an open file; 0 or -errno. -EINVAL: it can't be used with O_DIRECT though it is open so. */
int dmio_file_probe(int fd, struct dmio_file *file);
/* Gives up the open file but keeps its number occupied, so that no late call can hit another file. */
int dmio_file_release(int fd);
void dmio_file_close(int fd);

/* After a call that failed with `rc`: makes it again where a signal cut it off. Bytes transferred, or a negative errno. */
int64_t dmio_file_read_again(int fd, void *base, size_t length, uint64_t offset, int64_t rc);
int64_t dmio_file_write_again(int fd, const void *base, size_t length, uint64_t offset, int64_t rc);

/* A system call as the kernel answers it, a negative errno where it failed, without a function around it: each one to return from
 * costs more than usual just after the kernel, which has emptied the processor's stack of return addresses. */
#if defined(__x86_64__)
static inline __attribute__((always_inline)) int64_t dmio_call(long number, long a, long b, long c, long d)
{
	register long fourth __asm__("r10") = d;
	int64_t rc;

	__asm__ volatile("syscall"
			 : "=a"(rc)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return rc;
}
#elif defined(__aarch64__)
static inline __attribute__((always_inline)) int64_t dmio_call(long number, long a, long b, long c, long d)
{
	register long which __asm__("x8") = number;
	register long first __asm__("x0") = a;
	register long second __asm__("x1") = b;
	register long third __asm__("x2") = c;
	register long fourth __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(first) : "r"(which), "r"(second), "r"(third), "r"(fourth) : "memory");
	return first;
}
#else
int64_t dmio_call(long number, long a, long b, long c, long d);
#endif

/* Not pread and pwrite: as points where a thread may be cancelled they cost two locked instructions in a process with
 * threads, and a thread that is cancelled there would leave its request without an answer. */
static inline __attribute__((always_inline)) int64_t dmio_file_read_whole(int fd, void *base, size_t length, uint64_t offset)
{
	int64_t rc = dmio_call(SYS_pread64, fd, (long)base, (long)length, (long)offset);

	return rc >= 0 ? rc : dmio_file_read_again(fd, base, length, offset, rc);
}

static inline __attribute__((always_inline)) int64_t dmio_file_write_whole(int fd, const void *base, size_t length, uint64_t offset)
{
	int64_t rc = dmio_call(SYS_pwrite64, fd, (long)base, (long)length, (long)offset);

	return rc >= 0 ? rc : dmio_file_write_again(fd, base, length, offset, rc);
}

/* The same read of what the page cache holds: -EAGAIN where it would have to wait. */
int64_t dmio_file_read_cached(int fd, void *base, size_t length, uint64_t offset);

/* Each returns bytes (or 0) or -errno; none returns -EINTR. */
int64_t dmio_file_read(int fd, const struct dmio_vector *vectors, int count, uint64_t offset, int flags);
int64_t dmio_file_write(int fd, const struct dmio_vector *vectors, int count, uint64_t offset, int flags);
int64_t dmio_file_flush(int fd);
int64_t dmio_file_discard(int fd, bool is_block, uint64_t offset, uint64_t bytes);
int64_t dmio_file_write_zeroes(int fd, bool is_block, uint64_t offset, uint64_t bytes);
/* The limits of a block device from sysfs, in bytes; 0 when it cannot. */
uint64_t dmio_block_limit(uint64_t special, const char *queue_file);

/* Sets the calling thread's I/O priority (0: the default one). */
void dmio_set_priority(int priority);

#endif
