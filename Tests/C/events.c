/* The event descriptor of a driven client, where a wake-up could get lost. */
#define _GNU_SOURCE 1
#include "check.h"

#include <poll.h>
#include <sys/mman.h>

enum { LARGE = 64 << 20 };

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	++*(int *)context;
}

/* A file in memory, for which it is another thread that discards: the answer comes as mail. */
static struct block_device *opened_memory(size_t bytes)
{
	int fd = memfd_create("dm-io", MFD_CLOEXEC);
	struct block_device *bdev;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
	bdev = opened(path);
	close(fd);
	return bdev;
}

static void wait_readable(int fd)
{
	struct pollfd entry = { fd, POLLIN, 0 };

	CHECK(poll(&entry, 1, 20000) == 1);
}

static void mail_wakes_after_a_synchronous_call(void)
{
	struct dm_io_client *client = dm_io_client_create(2, DM_IO_DRIVEN);
	struct block_device *large = opened_memory(LARGE), *small = opened_memory(PAGE);
	struct io_region all = region(large, 0, LARGE / SECTOR), page = region(small, 0, 8);
	unsigned char *data = filled(LARGE, 1);
	int times = 0, event = dm_io_client_event_fd(client);
	struct dm_io_request write = writing(client, data, NULL, NULL), sync = write;
	struct dm_io_request discard = writing(client, NULL, count, &times);

	sync.op_flags = discard.op_flags = DM_IO_DISCARD;
	for (int round = 1; round <= 5; round++) {
		CHECK(dm_io(&write, 1, &all, NULL, 0) == 0);
		CHECK(dm_io(&discard, 1, &all, NULL, 0) == 0);
		CHECK(dm_io_client_poll(client, 0) >= 0);
		/* Sleeps until its own answer has come, long before the other one. */
		CHECK(dm_io(&sync, 1, &page, NULL, 0) == 0);
		while (times < round) {
			wait_readable(event);
			CHECK(dm_io_client_poll(client, 0) >= 0);
		}
	}
	CHECK(times == 5);
	dm_io_client_destroy(client);
	dm_io_device_close(large);
	dm_io_device_close(small);
	free(data);
}

static struct block_device *opened_disk(void)
{
	char path[] = "/tmp/dm-io-disk-XXXXXX";
	struct block_device *bdev;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
	close(fd);
	bdev = opened(path);
	unlink(path);
	return bdev;
}

/* The ring signals the event once for each answer, and mail does, too: taking the one must not take the other. */
static void the_ring_wakes_where_mail_came_with_it(void)
{
	struct dm_io_client *client = dm_io_client_create(16, DM_IO_DRIVEN);
	struct block_device *memory = opened_memory(PAGE), *disk = opened_disk();
	struct io_region few = region(memory, 0, 8), first = region(disk, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	int times = 0, event = dm_io_client_event_fd(client);
	struct dm_io_request discard = writing(client, NULL, count, &times), write = writing(client, data, count, &times);

	discard.op_flags = DM_IO_DISCARD;
	for (int round = 1; round <= 5000; round++) {
		CHECK(dm_io(&write, 1, &first, NULL, 0) == 0);
		CHECK(dm_io(&discard, 1, &few, NULL, 0) == 0);
		/* Sleeps in the ring, where mail is an answer of the ring, too. */
		CHECK(dm_io_client_poll(client, -1) > 0);
		while (times < 2 * round) {
			wait_readable(event);
			CHECK(dm_io_client_poll(client, 0) >= 0);
		}
	}
	dm_io_client_destroy(client);
	dm_io_device_close(memory);
	dm_io_device_close(disk);
	free(data);
}

int main(void)
{
	RUN(mail_wakes_after_a_synchronous_call);
	RUN(the_ring_wakes_where_mail_came_with_it);
	return 0;
}
