/* The functions of dm-io.txt, as a program of 2003 would call them. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void what_is_written_to_many_regions_is_read_back_from_each(void)
{
	struct block_device *a = opened("ram:1MiB"), *b = opened("ram:1MiB");
	struct io_region where[] = { { a, 8, 16 }, { b, 100, 16 }, { a, 1000, 8 } };
	unsigned char *data = filled(16 * SECTOR, 0x5a), *back = filled(16 * SECTOR, 0);
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_get(4) == 0);
	CHECK(dm_io_sync_vm(3, where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
	for (int index = 0; index < 3; index++) {
		size_t bytes = (size_t)where[index].count * SECTOR;

		memset(back, 0, 16 * SECTOR);
		CHECK(dm_io_sync_vm(1, &where[index], DM_IO_READ, back, &bits) == 0 && bits == 0);
		CHECK(is_all(back, bytes, 0x5a) && is_all(back + bytes, 16 * SECTOR - bytes, 0));
	}
	dm_io_put(4);
	free(data);
	free(back);
	dm_io_device_close(a);
	dm_io_device_close(b);
}

static void the_bit_of_a_region_that_fails_is_set_and_no_other(void)
{
	struct block_device *good = opened("ram:1MiB"), *bad = opened_bad();
	const unsigned long expected = 1UL | 1UL << 31 | 1UL << 32 | 1UL << 63;
	struct io_region where[64];
	struct dm_io_region_error errors[64];
	unsigned char *data = filled(PAGE, 1);
	struct told told = TOLD;
	struct dm_io_request sync = writing(NULL, data, NULL, NULL), async = writing(NULL, data, tell, &told);
	unsigned long bits = UNTOUCHED;

	for (int index = 0; index < 64; index++)
		where[index] = region(index == 0 || index == 31 || index == 32 || index == 63 ? bad : good, 8, 8);
	CHECK(dm_io_sync_vm(64, where, DM_IO_WRITE, data, &bits) == -EIO);
	CHECK(bits == expected);
	CHECK(dm_io_async_vm(64, where, DM_IO_WRITE, data, tell, &told) == 0 && wait_for(&told, 1) == expected);
	for (int is_async = 0; is_async < 2; is_async++) {
		memset(errors, 0xee, sizeof(errors));
		sync.errors = async.errors = errors;
		bits = UNTOUCHED;
		if (is_async)
			CHECK(dm_io(&async, 64, where, NULL, 0) == 0 && wait_for(&told, 2) == expected);
		else
			CHECK(dm_io(&sync, 64, where, &bits, 0) == -EIO && bits == expected);
		for (int index = 0; index < 64; index++)
			CHECK(errors[index].error == (expected >> index & 1 ? EIO : 0));
	}
	free(data);
	dm_io_device_close(good);
	dm_io_device_close(bad);
}

static void a_page_list_is_walked_from_its_offset(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct page_list nodes[3];
	struct io_region where = region(bdev, 0, 16);
	unsigned char *back = filled(16 * SECTOR, 0);
	struct told told = TOLD;

	for (int index = 0; index < 3; index++) {
		nodes[index].page = dm_io_page_alloc();
		nodes[index].next = index < 2 ? &nodes[index + 1] : NULL;
		CHECK(nodes[index].page && (uintptr_t)dm_io_page_address(nodes[index].page) % PAGE == 0);
		memset(dm_io_page_address(nodes[index].page), index + 1, PAGE);
	}
	CHECK(dm_io_async(1, &where, DM_IO_WRITE, nodes, 3 * SECTOR, tell, &told) == 0);
	CHECK(wait_for(&told, 1) == 0);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_READ, back, NULL) == 0);
	CHECK(is_all(back, 5 * SECTOR, 1) && is_all(back + 5 * SECTOR, PAGE, 2) && is_all(back + 13 * SECTOR, 3 * SECTOR, 3));
	for (int index = 0; index < 3; index++)
		dm_io_page_free(nodes[index].page);
	free(back);
	dm_io_device_close(bdev);
}

static void a_circular_page_list_is_legal(void)
{
	struct block_device *bdev = opened("ram:16MiB");
	struct page_list node;
	struct io_region where = region(bdev, 0, 32768);
	unsigned long bits = UNTOUCHED;

	node.next = &node;
	node.page = dm_io_page_alloc();
	memset(dm_io_page_address(node.page), 7, PAGE);
	CHECK(dm_io_sync(1, &where, DM_IO_WRITE, &node, 0, &bits) == 0 && bits == 0);
	/* It ends nowhere, but the device does. */
	where.count = (sector_t)1 << 50;
	CHECK(dm_io_sync(1, &where, DM_IO_WRITE, &node, 0, &bits) == -EIO && bits == 1);
	dm_io_page_free(node.page);
	dm_io_device_close(bdev);
}

static void vectors_are_taken_one_after_the_other(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct page *pages[2] = { dm_io_page_alloc(), dm_io_page_alloc() };
	struct bio_vec vectors[] = { { pages[0], 512, 3584 }, { pages[1], 0, 0 }, { pages[1], 1536, 512 } };
	struct io_region where = region(bdev, 40, 4);
	unsigned char *back = filled(4 * SECTOR, 0);
	struct told told = TOLD;

	memset(dm_io_page_address(pages[0]), 1, PAGE);
	memset(dm_io_page_address(pages[1]), 2, PAGE);
	CHECK(dm_io_sync_bvec(1, &where, DM_IO_WRITE, vectors, NULL) == 0);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_READ, back, NULL) == 0);
	CHECK(is_all(back, SECTOR, 1) && is_all(back + SECTOR, 3 * SECTOR, 2));
	memset(dm_io_page_address(pages[0]), 0, PAGE);
	CHECK(dm_io_async_bvec(1, &where, DM_IO_READ, vectors, tell, &told) == 0 && wait_for(&told, 1) == 0);
	CHECK(is_all((unsigned char *)dm_io_page_address(pages[0]) + 3584, SECTOR, 1));
	dm_io_page_free(pages[0]);
	dm_io_page_free(pages[1]);
	free(back);
	dm_io_device_close(bdev);
}

static void the_reservation_may_be_uneven_or_none(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	struct told told = TOLD;

	dm_io_put(7);
	CHECK(dm_io_get(0) == 0 && dm_io_get(0) == 0);
	CHECK(dm_io_get(3) == 0 && dm_io_get(16) == 0);
	dm_io_put(1000);
	dm_io_put(4294967295U);
	CHECK(dm_io_get(4294967295U) == -EINVAL);
	for (int index = 0; index < 100; index++)
		CHECK(dm_io_async_vm(1, &where, DM_IO_WRITE, data, tell, &told) == 0);
	CHECK(wait_for(&told, 100) == 0);
	free(data);
	dm_io_device_close(bdev);
}

struct chain {
	struct told told;
	struct io_region where;
	unsigned char *data;
	int left, refused;
};

static void next_link(unsigned long bits, void *context)
{
	struct chain *chain = context;

	CHECK(bits == 0);
	/* What would wait for this callback to return is refused. */
	if (dm_io_sync_vm(1, &chain->where, DM_IO_WRITE, chain->data, NULL) == -EDEADLK)
		chain->refused++;
	if (--chain->left > 0)
		CHECK(dm_io_async_vm(1, &chain->where, DM_IO_WRITE, chain->data, next_link, chain) == 0);
	else
		tell(bits, &chain->told);
}

static void a_callback_submits_the_next_request_and_may_not_wait(void)
{
	struct chain chain = { TOLD, { NULL, 0, 8 }, NULL, 1000, 0 };

	chain.where.bdev = opened("ram:1MiB");
	chain.data = filled(PAGE, 3);
	CHECK(dm_io_async_vm(1, &chain.where, DM_IO_WRITE, chain.data, next_link, &chain) == 0);
	wait_for(&chain.told, 1);
	CHECK(chain.refused == 1000);
	free(chain.data);
	dm_io_device_close(chain.where.bdev);
}

static void free_and_tell(unsigned long bits, void *context)
{
	void **both = context;

	free(both[1]);
	tell(bits, both[0]);
}

static void a_callback_may_free_the_memory(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	struct told told = TOLD;
	void *both[2];

	for (int times = 1; times <= 100; times++) {
		both[0] = &told;
		both[1] = filled(PAGE, times);
		CHECK(dm_io_async_vm(1, &where, DM_IO_WRITE, both[1], free_and_tell, both) == 0);
		CHECK(wait_for(&told, times) == 0);
	}
	dm_io_device_close(bdev);
}

int main(void)
{
	RUN(what_is_written_to_many_regions_is_read_back_from_each);
	RUN(the_bit_of_a_region_that_fails_is_set_and_no_other);
	RUN(a_page_list_is_walked_from_its_offset);
	RUN(a_circular_page_list_is_legal);
	RUN(vectors_are_taken_one_after_the_other);
	RUN(the_reservation_may_be_uneven_or_none);
	RUN(a_callback_submits_the_next_request_and_may_not_wait);
	RUN(a_callback_may_free_the_memory);
	return 0;
}
