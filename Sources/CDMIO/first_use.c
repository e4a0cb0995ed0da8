#define _GNU_SOURCE 1
#include "dmio_first_use.h"

#include "dm_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The first use, before which no fork is let through: the Swift runtime makes types when they are needed first, each behind a lock, and a
 * child that was forked meanwhile would wait for one for ever. What fails here is not missed: it is used, which is all that is wanted.
 */

enum { SECTORS = 16, BYTES = SECTORS * 512 };

static void is_over(unsigned long error, void *context)
{
	(void)error;
	__atomic_fetch_add((int *)context, 1, __ATOMIC_RELEASE);
}

/* So many operations with every kind of memory, asynchronous and not, where it works and where it does not. */
static void use_device(struct dm_io_client *client, struct block_device *bdev, int operations, void *data)
{
	struct page_list node = { &node, data };
	struct bio_vec vectors[] = { { data, 4096, 0 }, { data, 4096, 0 } };
	struct dm_io_region_error errors[2];
	int begun = 0, ended = 0;

	for (int step = 0; step < operations * 4 * 2; step++) {
		struct io_region where[] = { { bdev, 0, SECTORS }, { bdev, step % 3 ? 0 : 1 << 20, SECTORS } };
		enum dm_io_mem_type type = (enum dm_io_mem_type)(step / operations % 4);
		struct dm_io_request request = { .size = sizeof(request), .op_flags = step % operations, .client = client, .errors = errors };

		request.mem.type = type;
		request.mem.ptr.addr = type == DM_IO_PAGE_LIST ? (void *)&node : type == DM_IO_BVEC ? (void *)vectors : data;
		request.notify.fn = step / operations / 4 ? is_over : NULL;
		request.notify.context = &ended;
		if (dm_io(&request, step % operations == DM_IO_READ ? 1 : 2, where, NULL, 0) == 0 && request.notify.fn)
			begun++;
	}
	/* The requests lead to what stands here. */
	while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < begun)
		dm_io_client_poll(client, -1);
}

static void use_client(unsigned int flags, struct block_device *const *devices, int count, void *data)
{
	/* A driven client waits in the ring, and valgrind lets no other thread work meanwhile: none of those that need one. */
	int operations = flags & DM_IO_DRIVEN ? DM_IO_FLUSH + 1 : DM_IO_WRITE_ZEROES + 1;
	struct dm_io_client *client = dm_io_client_create(2, flags);

	if (!client)
		return;
	dm_io_client_event_fd(client);
	for (int index = 0; index < count; index++) {
		if (devices[index])
			use_device(client, devices[index], operations, data);
	}
	dm_io_client_resize(client, 4);
	dm_io_client_poll(client, 0);
	dm_io_client_poll(client, 1);
	dm_io_client_destroy(client);
}

/* A file in memory with these bytes, by a name that can be opened; its descriptor. */
static int name_file(char name[64], const char *bytes, size_t length)
{
	int fd = memfd_create("dm-io", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, bytes, length) < 0)
		length = 0;
	snprintf(name, 64, "/proc/self/fd/%d", fd);
	return fd;
}

void dmio_first_use(void)
{
	static const char rules[] = "{\"seed\":2,\"rules\":[{\"op\":\"write\",\"sectors\":[0,1],\"errno\":\"EIO\",\"skip\":1,\"times\":9}]}";
	char plan[64], disk[64], fault[160];
	const char *names[] = { "ram:64KiB", "null:64KiB", disk, fault, "nowhere://", "" };
	struct block_device *devices[6] = { NULL };
	void *data = aligned_alloc(4096, BYTES);
	int rules_fd = name_file(plan, rules, sizeof(rules) - 1), disk_fd = data ? name_file(disk, memset(data, 0, BYTES), BYTES) : -1;

	snprintf(fault, sizeof(fault), "fault:%s,ram:64KiB", plan);
	for (int index = 0; data && index < 6; index++)
		for (unsigned int buffered = 0; buffered <= DM_IO_BUFFERED && !devices[index]; buffered += DM_IO_BUFFERED)
			dm_io_device_open(names[index], DM_IO_RDWR | buffered, &devices[index]);
	for (unsigned int flags = 0; data && flags <= DM_IO_DRIVEN; flags++)
		use_client(flags, devices, 6, data);
	for (int index = 0; index < 6; index++)
		dm_io_device_close(devices[index]);
	if (rules_fd >= 0)
		close(rules_fd);
	if (disk_fd >= 0)
		close(disk_fd);
	free(data);
}
