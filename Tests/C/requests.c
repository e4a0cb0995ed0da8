/* The request interface: dm_io(), its kinds of memory, its flags, and what it tells about regions that failed. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static struct dm_io_request request(int op_flags, enum dm_io_mem_type type, void *memory)
{
	struct dm_io_request made;

	memset(&made, 0, sizeof(made));
	made.size = sizeof(made);
	made.op_flags = op_flags;
	made.mem.type = type;
	made.mem.ptr.addr = memory;
	return made;
}

static void every_kind_of_memory_carries_the_same_bytes(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(2 * PAGE, 9), *back = filled(2 * PAGE, 0);
	struct page *pages[2] = { dm_io_page_alloc(), dm_io_page_alloc() };
	struct page_list nodes[2] = { { &nodes[1], pages[0] }, { NULL, pages[1] } };
	struct bio_vec vectors[2] = { { pages[0], PAGE, 0 }, { pages[1], PAGE, 0 } };
	void *memory[] = { nodes, vectors, data, data };
	struct dm_io_region where = region(bdev, 0, 16);

	for (int type = DM_IO_PAGE_LIST; type <= DM_IO_KMEM; type++) {
		struct dm_io_request write = request(DM_IO_WRITE, (enum dm_io_mem_type)type, memory[type]);
		struct dm_io_request read = request(DM_IO_READ, DM_IO_VMA, back);
		unsigned long bits = UNTOUCHED;

		memset(data, type + 1, 2 * PAGE);
		memset(dm_io_page_address(pages[0]), type + 1, PAGE);
		memset(dm_io_page_address(pages[1]), type + 1, PAGE);
		CHECK(dm_io(&write, 1, &where, &bits, 0) == 0 && bits == 0);
		CHECK(dm_io(&read, 1, &where, &bits, 0) == 0 && bits == 0);
		CHECK(is_all(back, 2 * PAGE, type + 1));
	}
	dm_io_page_free(pages[0]);
	dm_io_page_free(pages[1]);
	free(data);
	free(back);
	dm_io_device_close(bdev);
}

static void a_region_that_fails_says_why_and_where(void)
{
	struct block_device *good = opened("ram:1MiB"), *bad = opened_bad();
	unsigned char *data = filled(32 * SECTOR, 1);
	struct dm_io_region where[] = { { good, 0, 32 }, { bad, 0, 32 }, { good, 2040, 16 } };
	struct dm_io_region_error errors[3];
	struct dm_io_request write = request(DM_IO_WRITE | DM_IO_FUA, DM_IO_KMEM, data);
	unsigned long bits = UNTOUCHED;
	struct told told = TOLD;

	for (int is_async = 0; is_async < 2; is_async++) {
		memset(errors, 0xee, sizeof(errors));
		write.errors = errors;
		if (is_async) {
			write.notify.fn = tell;
			write.notify.context = &told;
			CHECK(dm_io(&write, 3, where, &bits, 0) == 0);
			CHECK(wait_for(&told, 1) == 6);
		} else {
			CHECK(dm_io(&write, 3, where, &bits, 0) == -EIO && bits == 6);
		}
		CHECK(errors[0].error == 0);
		CHECK(errors[1].error == EIO && errors[1].sector <= 8);
		CHECK(errors[2].error == EIO && errors[2].sector == 2040);
	}
	free(data);
	dm_io_device_close(good);
	dm_io_device_close(bad);
}

static void flush_discard_and_zeroes_take_no_memory(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(PAGE, 5);
	struct dm_io_region where = region(bdev, 8, 8);
	struct dm_io_request write = request(DM_IO_WRITE | DM_IO_PREFLUSH | DM_IO_SYNC, DM_IO_VMA, data);
	struct dm_io_request read = request(DM_IO_READ, DM_IO_VMA, data);
	struct dm_io_request zeroes = request(DM_IO_WRITE_ZEROES, DM_IO_VMA, NULL);
	struct dm_io_request flush = request(DM_IO_FLUSH, DM_IO_VMA, NULL);
	struct dm_io_request discard = request(DM_IO_DISCARD, DM_IO_VMA, NULL);
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io(&write, 1, &where, &bits, 0) == 0 && bits == 0);
	CHECK(dm_io(&flush, 1, &where, &bits, 0) == 0 && bits == 0);
	CHECK(dm_io(&zeroes, 1, &where, &bits, 0) == 0 && bits == 0);
	CHECK(dm_io(&read, 1, &where, &bits, 0) == 0 && is_all(data, PAGE, 0));
	CHECK(dm_io(&discard, 1, &where, &bits, 0) == 0 && bits == 0);
	free(data);
	dm_io_device_close(bdev);
}

static void a_wrong_request_is_refused(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(PAGE, 5);
	struct dm_io_region where = region(bdev, 0, 8);
	struct dm_io_request wrong = request(DM_IO_WRITE, DM_IO_VMA, data);
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io(NULL, 1, &where, &bits, 0) == -EINVAL);
	wrong.size = sizeof(wrong) - 1;
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	wrong = request(DM_IO_WRITE_ZEROES + 1, DM_IO_VMA, data);
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	wrong = request(-1, DM_IO_VMA, data);
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	wrong = request(DM_IO_WRITE | 1 << 30, DM_IO_VMA, data);
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	wrong = request(DM_IO_WRITE, (enum dm_io_mem_type)4, data);
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	wrong = request(DM_IO_WRITE, DM_IO_VMA, NULL);
	CHECK(dm_io(&wrong, 1, &where, &bits, 0) == -EINVAL);
	CHECK(bits == UNTOUCHED);
	free(data);
	dm_io_device_close(bdev);
}

static void a_larger_request_is_taken_where_the_rest_of_it_is_zero(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(PAGE, 5);
	struct dm_io_region where = region(bdev, 0, 8);
	/* A page and one more byte, of which the first are the structure that there is today. */
	struct dm_io_request *larger = calloc(PAGE + 1, 1);
	unsigned long bits = UNTOUCHED;

	CHECK(larger);
	*larger = request(DM_IO_WRITE, DM_IO_VMA, data);
	for (size_t size = sizeof(*larger) + 1; size <= PAGE; size += 63) {
		unsigned char *last = (unsigned char *)larger + size - 1;

		larger->size = size;
		CHECK(dm_io(larger, 1, &where, &bits, 0) == 0 && bits == 0);
		bits = UNTOUCHED;
		*last = 1;
		CHECK(dm_io(larger, 1, &where, &bits, 0) == -E2BIG && bits == UNTOUCHED);
		larger->size = size - 1;
		CHECK(dm_io(larger, 1, &where, &bits, 0) == 0 && bits == 0);
		bits = UNTOUCHED;
		*last = 0;
	}
	larger->size = PAGE;
	CHECK(dm_io(larger, 1, &where, &bits, 0) == 0 && bits == 0);
	bits = UNTOUCHED;
	larger->size = PAGE + 1;
	CHECK(dm_io(larger, 1, &where, &bits, 0) == -E2BIG);
	/* How much of the memory is there is not asked. */
	larger->size = SIZE_MAX;
	CHECK(dm_io(larger, 1, &where, &bits, 0) == -E2BIG && bits == UNTOUCHED);
	free(larger);
	free(data);
	dm_io_device_close(bdev);
}

static void files_are_opened_as_they_are_asked_for(void)
{
	char path[] = "/tmp/dm-io-disk-XXXXXX";
	int fd = mkstemp(path);
	struct block_device *bdev;
	struct dm_io_region where;
	unsigned char *data = filled(PAGE, 6);
	struct dm_io_request write = request(DM_IO_WRITE, DM_IO_VMA, data);
	unsigned long bits = UNTOUCHED;

	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
	for (unsigned int flags = 0; flags < 8; flags++) {
		if (flags & 1)
			continue;
		CHECK(dm_io_device_open(path, flags, &bdev) == 0);
		CHECK(dm_io_device_sectors(bdev) == 2048);
		where = region(bdev, 8, 8);
		if (flags & DM_IO_RDWR) {
			CHECK(dm_io(&write, 1, &where, &bits, 0) == 0 && bits == 0);
		} else {
			struct dm_io_region_error error;

			write.errors = &error;
			CHECK(dm_io(&write, 1, &where, &bits, 0) == -EIO && bits == 1 && error.error == EBADF);
			write.errors = NULL;
		}
		dm_io_device_close(bdev);
	}
	CHECK(pread(fd, data, PAGE, PAGE) == PAGE && is_all(data, PAGE, 6));
	close(fd);
	unlink(path);
	free(data);
}

struct last {
	struct dm_io_client *client;
	int times;
};

static void destroy_at_the_first(unsigned long bits, void *context)
{
	struct last *last = context;

	CHECK(bits == 0);
	if (last->times++ == 0)
		dm_io_client_destroy(last->client);
}

static void a_client_may_be_destroyed_in_its_own_poll(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(PAGE, 5);
	struct dm_io_region where = region(bdev, 0, 8);

	for (int is_sync = 0; is_sync < 2; is_sync++) {
		struct dm_io_request write = request(DM_IO_WRITE, DM_IO_VMA, data), sync = write;
		struct last last = { dm_io_client_create(1, DM_IO_DRIVEN), 0 };

		sync.client = write.client = last.client;
		write.notify.fn = destroy_at_the_first;
		write.notify.context = &last;
		for (int index = 0; index < 10; index++)
			CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		if (is_sync)
			CHECK(dm_io(&sync, 1, &where, NULL, 0) == 0);
		else
			CHECK(dm_io_client_poll(last.client, -1) > 0);
		/* The rest came before that returned. */
		CHECK(last.times == 10);
	}
	free(data);
	dm_io_device_close(bdev);
}

int main(void)
{
	RUN(every_kind_of_memory_carries_the_same_bytes);
	RUN(a_region_that_fails_says_why_and_where);
	RUN(flush_discard_and_zeroes_take_no_memory);
	RUN(a_wrong_request_is_refused);
	RUN(a_larger_request_is_taken_where_the_rest_of_it_is_zero);
	RUN(files_are_opened_as_they_are_asked_for);
	RUN(a_client_may_be_destroyed_in_its_own_poll);
	return 0;
}
