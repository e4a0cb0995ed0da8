/* Pointers that cannot be right, and devices that may only be read. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void a_reservation_may_be_given_back_in_the_very_first_call(void)
{
	dm_io_put(7);
	CHECK(dm_io_get(1) == 0);
	dm_io_put(1);
}

/* Where something of so many bytes stands, misaligned by `by` bytes. */
static void *misaligned(unsigned char *room, size_t by, const void *value, size_t bytes)
{
	return memcpy(room + by, value, bytes);
}

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	++*(int *)context;
}

static void misaligned_regions_are_refused(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where[] = { { bdev, 0, 8 }, { bdev, 8, 8 } };
	struct dm_io_client *shared = dm_io_client_create(1, 0), *driven = dm_io_client_create(1, DM_IO_DRIVEN);
	struct page *page = dm_io_page_alloc();
	struct page_list node = { NULL, page };
	struct bio_vec vector = { page, PAGE, 0 };
	unsigned char *data = filled(PAGE, 1), *room = filled(PAGE, 0);
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;

	for (size_t by = 1; by < 8; by++) {
		struct io_region *wrong = misaligned(room, by, where, sizeof(where));

		for (unsigned int regions = 1; regions <= 2; regions++) {
			struct dm_io_client *clients[] = { shared, driven, NULL };

			CHECK(dm_io_sync_vm(regions, wrong, DM_IO_WRITE, data, &bits) == -EINVAL);
			CHECK(dm_io_sync(regions, wrong, DM_IO_WRITE, &node, 0, &bits) == -EINVAL);
			CHECK(dm_io_sync_bvec(regions, wrong, DM_IO_WRITE, &vector, &bits) == -EINVAL);
			CHECK(dm_io_async_vm(regions, wrong, DM_IO_WRITE, data, tell, &told) == -EINVAL);
			CHECK(dm_io_async(regions, wrong, DM_IO_WRITE, &node, 0, tell, &told) == -EINVAL);
			CHECK(dm_io_async_bvec(regions, wrong, DM_IO_WRITE, &vector, tell, &told) == -EINVAL);
			for (int index = 0; index < 3; index++) {
				struct dm_io_request sync = writing(clients[index], data, NULL, NULL);
				struct dm_io_request async = writing(clients[index], data, tell, &told);

				CHECK(dm_io(&sync, regions, wrong, &bits, 0) == -EINVAL);
				CHECK(dm_io(&async, regions, wrong, &bits, 0) == -EINVAL);
				sync.op_flags = DM_IO_FLUSH;
				CHECK(dm_io(&sync, regions, wrong, &bits, 0) == -EINVAL);
			}
		}
	}
	CHECK(bits == UNTOUCHED && told.times == 0 && dm_io_client_poll(driven, -1) == 0);
	dm_io_client_destroy(shared);
	dm_io_client_destroy(driven);
	dm_io_page_free(page);
	dm_io_device_close(bdev);
	free(data);
	free(room);
}

static void of_no_regions_nobody_looks_where_they_are(void)
{
	struct io_region *nowhere = (void *)(uintptr_t)1;
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_sync_vm(0, nowhere, DM_IO_WRITE, NULL, &bits) == 0 && bits == 0);
	CHECK(dm_io_sync(0, nowhere, DM_IO_READ, NULL, 0, &bits) == 0 && bits == 0);
	CHECK(dm_io_sync_bvec(0, nowhere, DM_IO_WRITE, NULL, NULL) == 0);
	CHECK(dm_io_async_vm(0, nowhere, DM_IO_WRITE, NULL, tell, &told) == 0 && wait_for(&told, 1) == 0);
	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct dm_io_client *client = dm_io_client_create(1, flags);
		int times = 0;
		struct dm_io_request sync = writing(client, NULL, NULL, NULL), async = writing(client, NULL, count, &times);

		CHECK(dm_io(&sync, 0, nowhere, &bits, 0) == 0);
		CHECK(dm_io(&async, 0, nowhere, NULL, 0) == 0);
		dm_io_client_destroy(client);
		CHECK(times == 1);
	}
}

static void misaligned_requests_bits_and_errors_are_refused(void)
{
	struct block_device *bdev = opened("ram:1MiB"), *other = bdev;
	struct io_region where = region(bdev, 0, 8);
	struct dm_io_client *driven = dm_io_client_create(1, DM_IO_DRIVEN);
	unsigned char *data = filled(PAGE, 1), *room = filled(PAGE, 0);
	struct told told = TOLD;
	unsigned long bits = UNTOUCHED;

	for (size_t by = 1; by < 8; by++) {
		struct dm_io_request sync = writing(NULL, data, NULL, NULL), async = writing(driven, data, tell, &told);

		CHECK(dm_io(misaligned(room, by, &sync, sizeof(sync)), 1, &where, &bits, 0) == -EINVAL);
		CHECK(dm_io(misaligned(room, by, &async, sizeof(async)), 1, &where, &bits, 0) == -EINVAL);
		CHECK(dm_io(&sync, 1, &where, misaligned(room, by, &bits, sizeof(bits)), 0) == -EINVAL);
		CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, misaligned(room, by, &bits, sizeof(bits))) == -EINVAL);
		CHECK(dm_io_device_open("ram:1MiB", DM_IO_RDWR, misaligned(room, by, &other, sizeof(other))) == -EINVAL);
		CHECK(memcmp(room + by, &other, sizeof(other)) == 0);
		sync.errors = async.errors = (void *)(room + by);
		CHECK(dm_io(&sync, 1, &where, &bits, 0) == -EINVAL);
		CHECK(dm_io(&async, 1, &where, &bits, 0) == -EINVAL);
	}
	CHECK(bits == UNTOUCHED && told.times == 0 && dm_io_client_poll(driven, -1) == 0);
	dm_io_client_destroy(driven);
	dm_io_device_close(bdev);
	free(data);
	free(room);
}

static void misaligned_nodes_and_vectors_are_refused_where_they_are_needed(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	struct page *page = dm_io_page_alloc();
	struct bio_vec vector = { page, PAGE, 0 };
	unsigned char *room = filled(PAGE, 0);
	unsigned long bits = UNTOUCHED;

	for (size_t by = 1; by < 8; by++) {
		struct page_list last = { NULL, page }, first = { misaligned(room, by, &last, sizeof(last)), page };

		CHECK(dm_io_sync(1, &where, DM_IO_WRITE, first.next, 0, &bits) == -EINVAL);
		/* The second node is needed for the second page only. */
		CHECK(dm_io_sync(1, &where, DM_IO_WRITE, &first, SECTOR, &bits) == -EINVAL && bits == UNTOUCHED);
		CHECK(dm_io_sync(1, &where, DM_IO_WRITE, &first, 0, &bits) == 0 && bits == 0);
		bits = UNTOUCHED;
		misaligned(room, by, &vector, sizeof(vector));
		CHECK(dm_io_sync_bvec(1, &where, DM_IO_WRITE, (void *)(room + by), &bits) == -EINVAL && bits == UNTOUCHED);
	}
	dm_io_page_free(page);
	dm_io_device_close(bdev);
	free(room);
}

static void a_buffer_may_stand_anywhere(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 3, 8);
	unsigned char *data = filled(2 * PAGE, 1), *back = filled(2 * PAGE, 0);

	for (int by = 1; by < 8; by++) {
		memset(data, by, 2 * PAGE);
		CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data + by, NULL) == 0);
		CHECK(dm_io_sync_vm(1, &where, DM_IO_READ, back + 8 - by, NULL) == 0 && is_all(back + 8 - by, PAGE, by));
	}
	dm_io_device_close(bdev);
	free(data);
	free(back);
}

static void expect_read_only(const char *name)
{
	static const int changes[] = { DM_IO_WRITE, DM_IO_DISCARD, DM_IO_WRITE_ZEROES };
	struct block_device *bdev = NULL;
	struct io_region where;
	unsigned char *data = filled(PAGE, 1);
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_device_open(name, DM_IO_RDONLY, &bdev) == 0);
	where = region(bdev, 8, 8);
	for (int index = 0; index < 3; index++) {
		struct dm_io_request change = writing(NULL, data, NULL, NULL);
		struct dm_io_region_error error = { 0, 0 };

		change.op_flags = changes[index];
		change.errors = &error;
		CHECK(dm_io(&change, 1, &where, &bits, 0) == -EIO && bits == 1);
		CHECK(error.error == EBADF && error.sector == 8);
	}
	CHECK(dm_io_sync_vm(1, &where, DM_IO_READ, data, &bits) == 0 && bits == 0 && is_all(data, PAGE, 0));
	dm_io_device_close(bdev);
	free(data);
}

static void what_is_opened_for_reading_is_not_written(void)
{
	char plan[] = "/tmp/dm-io-plan-XXXXXX", name[64];
	int fd = mkstemp(plan);

	CHECK(fd >= 0 && write(fd, "{\"rules\":[]}", 12) == 12);
	close(fd);
	expect_read_only("ram:1MiB");
	expect_read_only("null:1MiB");
	snprintf(name, sizeof(name), "fault:%s,ram:1MiB", plan);
	expect_read_only(name);
	snprintf(name, sizeof(name), "fault:%s,null:1MiB", plan);
	expect_read_only(name);
	unlink(plan);
}

int main(void)
{
	RUN(a_reservation_may_be_given_back_in_the_very_first_call);
	RUN(misaligned_regions_are_refused);
	RUN(of_no_regions_nobody_looks_where_they_are);
	RUN(misaligned_requests_bits_and_errors_are_refused);
	RUN(misaligned_nodes_and_vectors_are_refused_where_they_are_needed);
	RUN(a_buffer_may_stand_anywhere);
	RUN(what_is_opened_for_reading_is_not_written);
	return 0;
}
