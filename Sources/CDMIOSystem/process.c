#include "dmio_system.h"

#include <pthread.h>
#include <time.h>

/*
 * What there is once in a process. A fork may come while another thread is anywhere, and the child has no such thread: it would wait
 * for ever for a lock that the thread held. So there is one only where the fork itself waits for it.
 */

uint32_t dmio_fork_count;

static pthread_mutex_t first_use = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t first_user;
static bool is_used;
static uint32_t threads;

static void before_fork(void)
{
	pthread_mutex_lock(&first_use);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&first_use);
}

static void after_fork_in_child(void)
{
	dmio_fork_count++;
	threads = 0;
	/* The callback in which the fork came is not over there, but its client is. */
	dmio_seats = 0;
	dmio_turns = 0;
	pthread_mutex_unlock(&first_use);
}

/* Before any thread is there that could be in the middle of it when another one forks. */
__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

void dmio_thread_begins(void)
{
	__atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
}

void dmio_thread_ends(void)
{
	__atomic_fetch_sub(&threads, 1, __ATOMIC_RELEASE);
}

/* The threads that were started for the first use end soon; a second is more than they need. */
static void wait_for_threads(void)
{
	const struct timespec pause = { .tv_nsec = 20000 };

	for (int64_t end = dmio_now_ms() + 1000; __atomic_load_n(&threads, __ATOMIC_ACQUIRE) && dmio_now_ms() < end;)
		nanosleep(&pause, NULL);
}

void dmio_use_first(void (*use)(void))
{
	uintptr_t thread = dmio_thread_id();

	if (__atomic_load_n(&is_used, __ATOMIC_ACQUIRE) || __atomic_load_n(&first_user, __ATOMIC_RELAXED) == thread)
		return;
	pthread_mutex_lock(&first_use);
	if (!is_used) {
		__atomic_store_n(&first_user, thread, __ATOMIC_RELAXED);
		use();
		wait_for_threads();
		__atomic_store_n(&first_user, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&is_used, true, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&first_use);
}

enum { WORD_BITS = 64 };

static uint64_t taken[DMIO_NUMBERS / WORD_BITS];

int dmio_number_take(void)
{
	for (int index = 0; index < DMIO_NUMBERS / WORD_BITS; index++) {
		uint64_t seen = __atomic_load_n(&taken[index], __ATOMIC_RELAXED);

		while (~seen) {
			int bit = __builtin_ctzll(~seen);

			if (__atomic_compare_exchange_n(&taken[index], &seen, seen | UINT64_C(1) << bit, true, __ATOMIC_ACQUIRE,
							__ATOMIC_RELAXED))
				return index * WORD_BITS + bit;
		}
	}
	return -1;
}

void dmio_number_put(int number)
{
	__atomic_fetch_and(&taken[number / WORD_BITS], ~(UINT64_C(1) << number % WORD_BITS), __ATOMIC_RELEASE);
}
