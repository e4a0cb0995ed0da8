/* What a process may not have more of: requests that wait, descriptors, memory. Each is said, and nothing is lost by it. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/resource.h>
#include <sys/wait.h>

enum { MIB = 1 << 20, GIB_IN_PAGES = 1 << 18 };

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	__atomic_add_fetch((int *)context, 1, __ATOMIC_SEQ_CST);
}

/* Runs what takes something away from its process, in one that has not used the library before. */
static void in_child(void (*body)(void))
{
	int status;
	pid_t child = fork();

	CHECK(child >= 0);
	if (child == 0) {
		body();
		exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int lowest_free_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	CHECK(fd >= 0 && close(fd) == 0);
	return fd;
}

/* Lowers or raises what the process may have of something. */
static void allow(int what, rlim_t most)
{
	struct rlimit limit;

	CHECK(getrlimit(what, &limit) == 0);
	limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
	CHECK(setrlimit(what, &limit) == 0);
}

/* So many bytes of memory more than it has. */
static void allow_memory(size_t bytes)
{
	unsigned long pages;
	FILE *file = fopen("/proc/self/statm", "r");

	CHECK(file && fscanf(file, "%lu", &pages) == 1 && fclose(file) == 0);
	allow(RLIMIT_AS, (rlim_t)pages * PAGE + bytes);
}

/* The functions of dm-io.txt write. */
static void expect_service(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_get(1) == 0);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
	CHECK(dm_io_async_vm(1, &where, DM_IO_WRITE, data, tell, &told) == 0 && wait_for(&told, 1) == 0);
	dm_io_put(1);
	dm_io_device_close(bdev);
	free(data);
}

static void make_first_calls_without_descriptors(void)
{
	int next = lowest_free_descriptor();
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;
	unsigned char *data = filled(PAGE, 1);

	allow(RLIMIT_NOFILE, (rlim_t)next);
	CHECK(dm_io_get(1) == -EMFILE);
	CHECK(dm_io_sync_vm(0, NULL, DM_IO_WRITE, data, &bits) == -EMFILE && bits == UNTOUCHED);
	CHECK(dm_io_async_vm(0, NULL, DM_IO_WRITE, data, tell, &told) == -EMFILE);
	dm_io_put(1);
	allow(RLIMIT_NOFILE, RLIM_INFINITY);
	CHECK(lowest_free_descriptor() == next);
	expect_service();
	CHECK(told.times == 0);
	free(data);
}

static void a_first_call_without_descriptors_says_so_and_can_be_made_again(void)
{
	in_child(make_first_calls_without_descriptors);
}

static void open_without_descriptors(void)
{
	char path[] = "/tmp/dm-io-disk-XXXXXX", name[64];
	int fd = mkstemp(path);
	struct block_device *const untouched = (void *)path, *bdev = untouched;

	CHECK(fd >= 0 && ftruncate(fd, MIB) == 0);
	snprintf(name, sizeof(name), "fault:%s,ram:1MiB", path);
	allow(RLIMIT_NOFILE, (rlim_t)lowest_free_descriptor());
	for (unsigned int flags = 0; flags <= DM_IO_BUFFERED; flags += DM_IO_BUFFERED)
		CHECK(dm_io_device_open(path, DM_IO_RDWR | flags, &bdev) == -EMFILE && bdev == untouched);
	/* The plan is what is not read. */
	CHECK(dm_io_device_open(name, DM_IO_RDWR, &bdev) == -EMFILE && bdev == untouched);
	allow(RLIMIT_NOFILE, RLIM_INFINITY);
	dm_io_device_close(opened(path));
	close(fd);
	unlink(path);
}

static void a_device_is_not_opened_without_descriptors(void)
{
	in_child(open_without_descriptors);
}

/* With none, with one and so on, until there are enough. */
static void create_with_few_descriptors(void)
{
	int next = lowest_free_descriptor();

	/* The driven one first: it has closed its descriptors when it is ended, the thread of a shared one does it later. */
	for (int is_driven = 1; is_driven >= 0; is_driven--) {
		struct dm_io_client *client = NULL;

		for (int few = 0; !client; few++) {
			allow(RLIMIT_NOFILE, (rlim_t)(next + few));
			errno = 0;
			client = dm_io_client_create(4, is_driven ? DM_IO_DRIVEN : 0);
			CHECK(few > 0 || !client);
			CHECK(client || (errno == EMFILE && few < 16));
			allow(RLIMIT_NOFILE, RLIM_INFINITY);
			/* What it had opened by then is closed again. */
			CHECK(client || lowest_free_descriptor() == next);
		}
		dm_io_client_destroy(client);
	}
}

static void a_client_is_not_made_without_descriptors(void)
{
	in_child(create_with_few_descriptors);
}

/* The stack of the client's thread is what is missing. */
static void make_first_calls_without_a_thread(void)
{
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;

	allow_memory(2 * MIB);
	CHECK(dm_io_get(1) == -EAGAIN);
	CHECK(dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, &bits) == -EAGAIN && bits == UNTOUCHED);
	CHECK(dm_io_async_vm(0, NULL, DM_IO_WRITE, NULL, tell, &told) == -EAGAIN);
	allow(RLIMIT_AS, RLIM_INFINITY);
	expect_service();
	CHECK(told.times == 0);
}

static void a_first_call_without_a_thread_says_so_and_can_be_made_again(void)
{
	in_child(make_first_calls_without_a_thread);
}

static void make_first_call_without_memory(void)
{
	allow_memory(128 * MIB);
	CHECK(dm_io_get(GIB_IN_PAGES) == -ENOMEM);
	expect_service();
}

static void a_first_call_for_more_memory_than_there_is_says_so(void)
{
	in_child(make_first_call_without_memory);
}

static void ask_for_more_memory_than_there_is(void)
{
	struct dm_io_client *client = dm_io_client_create(1, DM_IO_DRIVEN);
	struct block_device *const untouched = (void *)&client, *bdev = untouched;

	expect_service();
	allow_memory(128 * MIB);
	CHECK(dm_io_device_open("ram:1GiB", DM_IO_RDWR, &bdev) == -ENOMEM && bdev == untouched);
	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		errno = 0;
		CHECK(!dm_io_client_create(GIB_IN_PAGES, flags) && errno == ENOMEM);
	}
	CHECK(dm_io_client_resize(client, GIB_IN_PAGES) == -ENOMEM);
	CHECK(dm_io_get(GIB_IN_PAGES) == -ENOMEM);
	CHECK(dm_io_client_poll(client, -1) == 0);
	expect_service();
	dm_io_client_destroy(client);
}

static void more_memory_than_there_is_is_refused_and_all_goes_on(void)
{
	in_child(ask_for_more_memory_than_there_is);
}

/* Submits until that is refused; returns how many were taken. */
static int submit_all_that_is_taken(struct dm_io_request *request, struct io_region *where)
{
	int taken = 0, result;

	while ((result = dm_io(request, 1, where, NULL, 0)) == 0)
		taken++;
	CHECK(result == -EAGAIN && taken >= 1 << 20);
	return taken;
}

static void a_driven_client_takes_no_more_requests_than_may_wait(void)
{
	struct dm_io_client *client = dm_io_client_create(1, DM_IO_DRIVEN);
	struct block_device *bdev = opened("null:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	int times = 0, taken;
	struct dm_io_request write = writing(client, data, count, &times);

	taken = submit_all_that_is_taken(&write, &where);
	while (times < taken)
		CHECK(dm_io_client_poll(client, -1) > 0);
	CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
	dm_io_client_destroy(client);
	CHECK(times == taken + 1);
	dm_io_device_close(bdev);
	free(data);
}

static void wait_at_barrier(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	pthread_barrier_wait(context);
}

/* Its thread stands in a callback meanwhile, so that all wait. */
static void a_shared_client_takes_no_more_requests_than_may_wait(void)
{
	struct dm_io_client *client = dm_io_client_create(1, 0);
	struct block_device *bdev = opened("null:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	pthread_barrier_t gate;
	int times = 0, taken;
	struct dm_io_request write = writing(client, data, count, &times), first = writing(client, data, wait_at_barrier, &gate);

	CHECK(pthread_barrier_init(&gate, NULL, 2) == 0);
	CHECK(dm_io(&first, 1, &where, NULL, 0) == 0);
	taken = submit_all_that_is_taken(&write, &where);
	pthread_barrier_wait(&gate);
	while (__atomic_load_n(&times, __ATOMIC_SEQ_CST) < taken)
		CHECK(dm_io_client_poll(client, -1) >= 0);
	CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
	dm_io_client_destroy(client);
	CHECK(times == taken + 1);
	pthread_barrier_destroy(&gate);
	dm_io_device_close(bdev);
	free(data);
}

int main(void)
{
	RUN(a_first_call_without_descriptors_says_so_and_can_be_made_again);
	RUN(a_device_is_not_opened_without_descriptors);
	RUN(a_client_is_not_made_without_descriptors);
	RUN(a_first_call_without_a_thread_says_so_and_can_be_made_again);
	RUN(a_first_call_for_more_memory_than_there_is_says_so);
	RUN(more_memory_than_there_is_is_refused_and_all_goes_on);
	RUN(a_driven_client_takes_no_more_requests_than_may_wait);
	RUN(a_shared_client_takes_no_more_requests_than_may_wait);
	return 0;
}
