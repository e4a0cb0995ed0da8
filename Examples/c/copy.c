/*
 * Copies one device to another of at least its size, with eight chunks in flight, on one thread:
 *
 *     cc copy.c $(pkg-config --cflags --libs dm-io) -o copy && ./copy source.img target.img
 */
#include <dm_io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024, CHUNKS = 8 }; /* in sectors */

static struct block_device *source, *target;
static struct dm_io_client *client;
static sector_t next, size;
static int under_way, trouble;

struct chunk {
	struct dm_io_region region;
	void *data;
};

static void was_read(unsigned long error, void *context);

/* Sends a chunk on its way to or from a device. */
static void move(struct chunk *chunk, int operation, struct block_device *device, io_notify_fn fn)
{
	struct dm_io_request request;

	memset(&request, 0, sizeof(request));
	request.size = sizeof(request);
	request.op_flags = operation;
	request.mem.type = DM_IO_KMEM;
	request.mem.ptr.addr = chunk->data;
	request.notify.fn = fn;
	request.notify.context = chunk;
	request.client = client;
	chunk->region.bdev = device;
	if (dm_io(&request, 1, &chunk->region, NULL, 0) == 0)
		return;
	trouble = 1;
	under_way--;
}

/* Begins the next chunk, unless that was the last. */
static void begin(struct chunk *chunk)
{
	if (next >= size || trouble)
		return;
	chunk->region.sector = next;
	chunk->region.count = size - next < CHUNK ? size - next : CHUNK;
	next += chunk->region.count;
	under_way++;
	move(chunk, DM_IO_READ, source, was_read);
}

static void was_written(unsigned long error, void *context)
{
	under_way--;
	trouble |= error != 0;
	begin(context);
}

static void was_read(unsigned long error, void *context)
{
	if (!error) {
		move(context, DM_IO_WRITE, target, was_written);
		return;
	}
	under_way--;
	trouble = 1;
}

/* Waits until nothing is under way any more; 0, or the negative errno of a client that does not work. */
static int finish(void)
{
	while (under_way > 0) {
		int ended = dm_io_client_poll(client, -1);

		if (ended < 0)
			return ended;
	}
	return 0;
}

/* Makes what was written durable. */
static int flush(void)
{
	struct dm_io_request request;
	struct dm_io_region whole;

	memset(&request, 0, sizeof(request));
	request.size = sizeof(request);
	request.op_flags = DM_IO_FLUSH;
	request.client = client;
	whole.bdev = target;
	whole.sector = whole.count = 0;
	return dm_io(&request, 1, &whole, NULL, 0);
}

static struct block_device *opened(const char *name, unsigned int flags)
{
	struct block_device *device = NULL;
	int result = dm_io_device_open(name, flags, &device);

	if (result < 0)
		fprintf(stderr, "copy: %s: %s\n", name, strerror(-result));
	return device;
}

int main(int count, char **names)
{
	struct chunk chunks[CHUNKS];
	int result;

	if (count != 3) {
		fprintf(stderr, "usage: copy SOURCE TARGET\n");
		return 2;
	}
	source = opened(names[1], DM_IO_RDONLY);
	target = opened(names[2], DM_IO_RDWR);
	if (!source || !target)
		return 1;
	size = dm_io_device_sectors(source);
	if (dm_io_device_sectors(target) < size) {
		fprintf(stderr, "copy: %s is too small\n", names[2]);
		return 1;
	}
	client = dm_io_client_create(CHUNKS, DM_IO_DRIVEN);
	if (!client) {
		fprintf(stderr, "copy: making a client: %s\n", strerror(errno));
		return 1;
	}
	/* All before the first is begun: from then on the memory has to stay until `finish` has returned. */
	for (int index = 0; index < CHUNKS; index++) {
		chunks[index].data = aligned_alloc(4096, (size_t)CHUNK * 512);
		if (!chunks[index].data) {
			fprintf(stderr, "copy: no memory\n");
			return 1;
		}
	}
	for (int index = 0; index < CHUNKS; index++)
		begin(&chunks[index]);
	result = finish();
	if (result < 0) {
		fprintf(stderr, "copy: waiting: %s\n", strerror(-result));
		trouble = 1;
	} else {
		trouble |= flush() != 0;
	}

	/* Waits for what is in flight, whatever went wrong. */
	dm_io_client_destroy(client);
	dm_io_device_close(source);
	dm_io_device_close(target);
	for (int index = 0; index < CHUNKS; index++)
		free(chunks[index].data);
	puts(trouble ? "failed" : "copied");
	return trouble;
}
