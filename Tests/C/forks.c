/*
 * What a fork leaves of devices and clients. A program of its own, without valgrind, which itself ends in a child that maps a ring.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	++*(int *)context;
}

/* Asynchronous requests with a handle of before the fork, and with two. */
static void expect_refusals(struct dm_io_client *client, struct block_device *bdev, unsigned char *data)
{
	struct block_device *own = opened("ram:1MiB");
	struct dm_io_client *own_client = dm_io_client_create(1, DM_IO_DRIVEN);
	struct io_region old = region(bdev, 0, 8), new = region(own, 0, 8);
	struct page *page = dm_io_page_alloc();
	struct page_list node = { NULL, page };
	struct bio_vec vector = { page, PAGE, 0 };
	int times = 0;
	struct dm_io_request inherited = writing(client, data, count, &times), made = writing(own_client, data, count, &times);

	CHECK(dm_io(&inherited, 1, &old, NULL, 0) == -EINVAL && dm_io(&inherited, 1, &new, NULL, 0) == -EINVAL);
	CHECK(dm_io(&inherited, 0, NULL, NULL, 0) == -EINVAL);
	CHECK(dm_io(&made, 1, &old, NULL, 0) == -EINVAL);
	CHECK(dm_io_async_vm(1, &old, DM_IO_WRITE, data, count, &times) == -EINVAL);
	CHECK(dm_io_async(1, &old, DM_IO_WRITE, &node, 0, count, &times) == -EINVAL);
	CHECK(dm_io_async_bvec(1, &old, DM_IO_WRITE, &vector, count, &times) == -EINVAL);
	CHECK(dm_io_client_poll(own_client, -1) == 0 && times == 0);
	CHECK(dm_io(&made, 1, &new, NULL, 0) == 0 && dm_io_client_poll(own_client, -1) == 1 && times == 1);
	dm_io_client_destroy(own_client);
	dm_io_device_close(own);
	dm_io_page_free(page);
}

static int in_the_child(struct dm_io_client *client, struct block_device *bdev, unsigned char *data)
{
	struct dm_io_region where = region(bdev, 0, 8);
	struct dm_io_request write = writing(client, data, NULL, NULL);
	unsigned long bits = UNTOUCHED;
	struct block_device *own = NULL;

	/* What was made before the fork is refused, without waiting for threads that are not here. */
	CHECK(dm_io(&write, 1, &where, &bits, 0) == -EINVAL);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == -EINVAL && bits == UNTOUCHED);
	CHECK(dm_io_client_poll(client, -1) == -EINVAL && dm_io_client_resize(client, 2) == -EINVAL);
	CHECK(dm_io_client_event_fd(client) == -EINVAL);
	expect_refusals(client, bdev, data);
	/* Nothing but the handle itself is needed for its size. */
	CHECK(dm_io_device_sectors(bdev) == 2048);
	dm_io_client_destroy(client);
	dm_io_device_close(bdev);
	/* What is made after it works. */
	CHECK(dm_io_device_open("ram:1MiB", DM_IO_RDWR, &own) == 0);
	where.bdev = own;
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
	return 0;
}

static void a_forked_child_is_refused_what_it_inherited(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct dm_io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	unsigned long bits = UNTOUCHED;

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct dm_io_client *client = dm_io_client_create(1, flags);
		int status;
		pid_t child;

		CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0);
		child = fork();
		if (child == 0)
			_exit(in_the_child(client, bdev, data));
		CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
		/* The parent goes on as if nothing had been. */
		CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
		dm_io_client_destroy(client);
	}
	free(data);
	dm_io_device_close(bdev);
}

/* What a child does with a device and a client of its own; a child that hangs is ended by the alarm. */
static int start_anew(void)
{
	unsigned char *data = filled(PAGE, 1);
	struct block_device *bdev;
	struct dm_io_client *client;
	struct io_region where;
	struct dm_io_request write;
	unsigned long bits = UNTOUCHED;
	int times = 0;

	alarm(20);
	CHECK(dm_io_device_open("ram:1MiB", DM_IO_RDWR, &bdev) == 0);
	client = dm_io_client_create(1, DM_IO_DRIVEN);
	CHECK(client);
	where = region(bdev, 0, 8);
	write = writing(client, data, count, &times);
	CHECK(dm_io(&write, 1, &where, NULL, 0) == 0 && dm_io_client_poll(client, -1) == 1 && times == 1);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
	dm_io_client_destroy(client);
	dm_io_device_close(bdev);
	free(data);
	return 0;
}

static bool is_over;

static void *open_and_close(void *name)
{
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
		dm_io_device_close(opened(name));
	return NULL;
}

static void *make_and_end(void *unused)
{
	(void)unused;
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		struct dm_io_client *client = dm_io_client_create(1, 0);

		CHECK(client);
		dm_io_client_destroy(client);
	}
	return NULL;
}

static void expect_success(pid_t child)
{
	int status;

	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_fork_amid_opening_and_closing_leaves_a_child_that_works(void)
{
	static char ram[] = "ram:4KiB", null[] = "null:1MiB";
	pthread_t threads[3];

	is_over = false;
	CHECK(pthread_create(&threads[0], NULL, open_and_close, ram) == 0);
	CHECK(pthread_create(&threads[1], NULL, open_and_close, null) == 0);
	CHECK(pthread_create(&threads[2], NULL, make_and_end, NULL) == 0);
	for (int times = 0; times < 400; times++) {
		pid_t child = fork();

		if (child == 0)
			_exit(start_anew());
		expect_success(child);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	for (int index = 0; index < 3; index++)
		CHECK(pthread_join(threads[index], NULL) == 0);
}

/* In a process that has not used the library: the fork comes while another thread is anywhere in its first calls. */
static int fork_amid_the_first_calls(int nanoseconds)
{
	static char ram[] = "ram:4KiB";
	struct timespec pause = { 0, nanoseconds };
	pthread_t threads[2];
	pid_t child;

	CHECK(pthread_create(&threads[0], NULL, open_and_close, ram) == 0);
	CHECK(pthread_create(&threads[1], NULL, make_and_end, NULL) == 0);
	nanosleep(&pause, NULL);
	child = fork();
	if (child == 0)
		_exit(start_anew());
	expect_success(child);
	return 0;
}

static void a_fork_amid_the_first_calls_leaves_a_child_that_works(void)
{
	for (int times = 0; times < 200; times++) {
		pid_t child = fork();

		if (child == 0)
			_exit(fork_amid_the_first_calls(times * 10000));
		expect_success(child);
	}
}

struct forked {
	struct told told;
	pid_t child;
};

/* In a child that was forked inside a callback, whose thread is no client's there. */
static int start_anew_in_a_callback(void)
{
	struct block_device *bdev;
	struct dm_io_client *client;
	struct io_region where;
	unsigned char *data = filled(PAGE, 1);
	struct dm_io_request write;

	start_anew();
	CHECK(dm_io_get(1) == 0);
	bdev = opened("ram:1MiB");
	where = region(bdev, 0, 8);
	client = dm_io_client_create(1, 0);
	write = writing(client, data, NULL, NULL);
	CHECK(client && dm_io(&write, 1, &where, NULL, 0) == 0);
	CHECK(dm_io_client_resize(client, 2) == 0 && dm_io_client_poll(client, -1) >= 0);
	dm_io_client_destroy(client);
	return 0;
}

static void fork_and_tell(unsigned long bits, void *context)
{
	struct forked *forked = context;

	forked->child = fork();
	if (forked->child == 0)
		_exit(start_anew_in_a_callback());
	tell(bits, &forked->told);
}

static void a_child_that_is_forked_inside_a_callback_works(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (int which = 0; which < 3; which++) {
		struct dm_io_client *client = which < 2 ? dm_io_client_create(1, (unsigned int)which) : NULL;
		struct forked forked = { TOLD, 0 };
		struct dm_io_request write = writing(client, data, fork_and_tell, &forked);

		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		if (client)
			CHECK(dm_io_client_poll(client, -1) >= 0);
		CHECK(wait_for(&forked.told, 1) == 0);
		expect_success(forked.child);
		dm_io_client_destroy(client);
	}
	free(data);
	dm_io_device_close(bdev);
}

/* As somebody who may do nothing with files of root's. */
static int be_refused(const char *folder, const char *path)
{
	struct block_device *bdev = NULL;

	if (geteuid() == 0)
		CHECK(setgid(65534) == 0 && setuid(65534) == 0);
	CHECK(chdir("/") == 0);
	CHECK(dm_io_device_open(path, DM_IO_RDONLY, &bdev) == -EACCES);
	CHECK(dm_io_device_open(path, DM_IO_RDWR | DM_IO_BUFFERED, &bdev) == -EACCES);
	CHECK(dm_io_device_open(folder, DM_IO_RDONLY, &bdev) == -EACCES);
	CHECK(bdev == NULL);
	return 0;
}

static void a_file_of_somebody_else_is_not_opened(void)
{
	char folder[] = "/tmp/dm-io-folder-XXXXXX", path[64];
	pid_t child;
	int fd;

	CHECK(mkdtemp(folder) && chmod(folder, 0711) == 0);
	snprintf(path, sizeof(path), "%s/disk", folder);
	fd = open(path, O_CREAT | O_RDWR, 0000);
	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0 && chmod(folder, 0111) == 0);
	close(fd);
	child = fork();
	if (child == 0)
		_exit(be_refused(folder, path));
	expect_success(child);
	CHECK(chmod(folder, 0700) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
}

int main(void)
{
	RUN(a_fork_amid_the_first_calls_leaves_a_child_that_works);
	RUN(a_forked_child_is_refused_what_it_inherited);
	RUN(a_child_that_is_forked_inside_a_callback_works);
	RUN(a_file_of_somebody_else_is_not_opened);
	RUN(a_fork_amid_opening_and_closing_leaves_a_child_that_works);
	return 0;
}
