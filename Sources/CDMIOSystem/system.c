#define _GNU_SOURCE 1
#include "dmio_system.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

_Thread_local uintptr_t dmio_thread_number;
_Thread_local int dmio_seats;
_Thread_local int dmio_turns;

uintptr_t dmio_number_thread(void)
{
	static uintptr_t numbers;

	dmio_thread_number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
	return dmio_thread_number;
}

int dmio_hold_cancellation(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

void dmio_restore_cancellation(int before)
{
	pthread_setcancelstate(before, NULL);
}

void dmio_name_thread(const char *name)
{
	pthread_setname_np(pthread_self(), name);
}

void dmio_futex_wait(const uint32_t *word, uint32_t value, int64_t timeout_ms)
{
	struct timespec time = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_ms < 0 ? NULL : &time, NULL, 0);
}

void dmio_futex_wake(const uint32_t *word, int waiters)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, waiters, NULL, NULL, 0);
}

int dmio_event_create(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

void dmio_event_signal(int fd)
{
	uint64_t one = 1;

	/* Not write, which is a point where a thread may be cancelled: who submits may come here without having that held off. */
	while (syscall(SYS_write, fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void dmio_event_clear(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

void dmio_event_wait(int fd, int other, int64_t timeout_ms)
{
	struct pollfd entries[] = { { .fd = fd, .events = POLLIN }, { .fd = other, .events = POLLIN } };
	int timeout = timeout_ms < 0 ? -1 : timeout_ms > 1000000000 ? 1000000000 : (int)timeout_ms;

	if (poll(entries, 2, timeout) > 0 && entries[0].revents)
		dmio_event_clear(fd);
}

int64_t dmio_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int dmio_processors(void)
{
	cpu_set_t set;

	/* Fails on machines with more of them than a set holds. */
	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* What makes a huge page worth asking for; other sizes of pages only make the wish vain. */
#define HUGE_PAGE ((size_t)2 << 20)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

bool dmio_populate(void *base, size_t bytes)
{
	/* Kernels before 5.14 know no way to ask; there the first touch finds out. */
	return madvise(base, bytes, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
}

void *dmio_map(size_t bytes, bool populate)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (populate ? 0 : MAP_NORESERVE);
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	/* Fewer pages to clear and to register one by one. Only a wish: without huge pages it is as it was. */
	if (populate && bytes >= HUGE_PAGE)
		madvise(base, bytes, MADV_HUGEPAGE);
	if (populate && !dmio_populate(base, bytes)) {
		munmap(base, bytes);
		return NULL;
	}
	return base;
}

void dmio_unmap(void *base, size_t bytes)
{
	munmap(base, bytes);
}

void dmio_give_back(void *base, size_t bytes)
{
	madvise(base, bytes, MADV_DONTNEED);
}

void dmio_set_priority(int priority)
{
	/* IOPRIO_WHO_PROCESS, this thread. Only a hint: a refusal changes nothing else. */
	syscall(SYS_ioprio_set, 1, 0, priority);
}

int dmio_watch_create(int event)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int watch = epoll_create1(EPOLL_CLOEXEC);

	if (watch < 0)
		return -errno;
	if (epoll_ctl(watch, EPOLL_CTL_ADD, event, &readable) < 0) {
		int error = errno;

		close(watch);
		return -error;
	}
	return watch;
}

int dmio_timer_create(int watch)
{
	struct epoll_event readable = { .events = EPOLLIN };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (timer < 0)
		return -errno;
	if (epoll_ctl(watch, EPOLL_CTL_ADD, timer, &readable) < 0) {
		int error = errno;

		close(timer);
		return -error;
	}
	return timer;
}

void dmio_timer_set(int timer, int64_t due_ms)
{
	/* A time of 0 would stop the timer. */
	struct itimerspec when = { .it_value = { .tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000 + 1 } };

	if (due_ms < 0)
		memset(&when, 0, sizeof(when));
	timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}
