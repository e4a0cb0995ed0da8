/* What crashed the kernel, or read what it should not: refused, and nothing is touched. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

/* One of each thing that a request needs; every test spoils one. */
struct scene {
	struct block_device *bdev;
	struct io_region where[65];
	struct page *page;
	unsigned char *data;
	unsigned long bits;
	struct told told;
};

static struct scene set_up(void)
{
	struct scene scene = { opened("ram:1MiB"), .page = dm_io_page_alloc(), .data = filled(PAGE, 1), .bits = UNTOUCHED, .told = TOLD };

	for (int index = 0; index < 65; index++)
		scene.where[index] = region(scene.bdev, 0, 8);
	return scene;
}

/* A refused call leaves the caller's word alone and calls nobody back. */
static void tear_down(struct scene *scene)
{
	struct io_region where = region(scene->bdev, 0, 8);
	struct told last = TOLD;

	/* What was taken all the same would be answered before this. */
	CHECK(dm_io_async_vm(1, &where, DM_IO_WRITE, scene->data, tell, &last) == 0);
	wait_for(&last, 1);
	CHECK(scene->bits == UNTOUCHED && scene->told.times == 0);
	free(scene->data);
	dm_io_page_free(scene->page);
	dm_io_device_close(scene->bdev);
}

static void more_than_64_regions_are_refused(void)
{
	struct scene s = set_up();

	CHECK(dm_io_sync_vm(65, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_vm(4000000000U, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	tear_down(&s);
}

/* So many regions and such memory are refused by each function that calls back, and so is a request to each kind of client. */
static void expect_none_called(unsigned int regions, struct page_list *pl, struct bio_vec *bvec, unsigned char *data)
{
	struct scene s = set_up();
	struct dm_io_client *clients[] = { dm_io_client_create(1, 0), dm_io_client_create(1, DM_IO_DRIVEN), NULL };

	CHECK(dm_io_async(regions, s.where, DM_IO_WRITE, pl, 0, tell, &s.told) == -EINVAL);
	CHECK(dm_io_async_bvec(regions, s.where, DM_IO_WRITE, bvec, tell, &s.told) == -EINVAL);
	CHECK(dm_io_async_vm(regions, s.where, DM_IO_WRITE, data, tell, &s.told) == -EINVAL);
	for (int type = DM_IO_PAGE_LIST; type <= DM_IO_KMEM; type++) {
		for (int which = 0; which < 3; which++) {
			struct dm_io_request write = writing(clients[which], data, tell, &s.told);

			write.mem.type = (enum dm_io_mem_type)type;
			if (type == DM_IO_PAGE_LIST)
				write.mem.ptr.pl = pl;
			else if (type == DM_IO_BVEC)
				write.mem.ptr.bvec = bvec;
			CHECK(dm_io(&write, regions, s.where, NULL, 0) == -EINVAL);
		}
	}
	CHECK(dm_io_client_poll(clients[1], -1) == 0);
	dm_io_client_destroy(clients[0]);
	dm_io_client_destroy(clients[1]);
	tear_down(&s);
}

static void asynchronous_calls_with_more_than_64_regions_are_refused_and_call_nobody(void)
{
	struct page *page = dm_io_page_alloc();
	struct page_list node = { NULL, page };
	struct bio_vec vector = { page, PAGE, 0 };

	expect_none_called(65, &node, &vector, dm_io_page_address(page));
	expect_none_called(4000000000U, &node, &vector, dm_io_page_address(page));
	dm_io_page_free(page);
}

static void asynchronous_calls_without_memory_are_refused_and_call_nobody(void)
{
	struct page_list node = { NULL, NULL };
	struct bio_vec vector = { NULL, PAGE, 0 };

	expect_none_called(1, NULL, NULL, NULL);
	expect_none_called(2, &node, &vector, NULL);
}

static void regions_that_are_not_there_are_refused(void)
{
	struct scene s = set_up();

	CHECK(dm_io_sync_vm(1, NULL, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	s.where[0].bdev = NULL;
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void no_regions_are_no_mistake(void)
{
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, &bits) == 0 && bits == 0);
}

static void memory_that_is_not_there_is_refused(void)
{
	struct scene s = set_up();
	struct page_list empty = { NULL, NULL };
	struct bio_vec none[] = { { NULL, 4096, 0 } };

	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE, NULL, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, NULL, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, none, &s.bits) == -EINVAL);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, NULL, 0, &s.bits) == -EINVAL);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &empty, 0, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void a_page_list_that_is_too_short_is_refused(void)
{
	struct scene s = set_up();
	struct page_list node = { NULL, s.page };

	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 512, &s.bits) == -EINVAL);
	s.where[0] = region(s.bdev, 0, 16);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 0, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void an_offset_beyond_the_first_page_or_within_a_sector_is_refused(void)
{
	struct scene s = set_up();
	struct page_list node = { &node, s.page };

	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, PAGE, &s.bits) == -EINVAL);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 100, &s.bits) == -EINVAL);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 4294967295U, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void a_vector_beyond_its_page_or_of_a_part_of_a_sector_is_refused(void)
{
	struct scene s = set_up();
	struct bio_vec beyond[] = { { s.page, 4096, 512 } }, uneven[] = { { s.page, 500, 0 } };

	CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, beyond, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, uneven, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void a_vector_that_begins_within_a_sector_is_refused(void)
{
	struct scene s = set_up();
	struct dm_io_request write = writing(NULL, NULL, NULL, NULL);

	s.where[0].count = 1;
	for (unsigned int offset = 1; offset < SECTOR; offset += offset < 8 ? 1 : 100) {
		struct bio_vec crooked[] = { { s.page, SECTOR, offset } };

		CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, crooked, &s.bits) == -EINVAL);
		CHECK(dm_io_async_bvec(1, s.where, DM_IO_WRITE, crooked, tell, &s.told) == -EINVAL);
		write.mem.type = DM_IO_BVEC;
		write.mem.ptr.bvec = crooked;
		CHECK(dm_io(&write, 1, s.where, &s.bits, 0) == -EINVAL);
	}
	tear_down(&s);
}

static void a_vector_may_begin_at_any_sector_of_its_page(void)
{
	struct scene s = set_up();
	struct bio_vec vectors[] = { { s.page, SECTOR, PAGE - SECTOR }, { s.page, SECTOR, SECTOR } };
	unsigned char *bytes = dm_io_page_address(s.page);

	for (int sector = 0; sector < PAGE / SECTOR; sector++)
		memset(bytes + sector * SECTOR, sector, SECTOR);
	s.where[0].count = 2;
	CHECK(dm_io_sync_bvec(1, s.where, DM_IO_WRITE, vectors, NULL) == 0);
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_READ, s.data, NULL) == 0);
	CHECK(is_all(s.data, SECTOR, 7) && is_all(s.data + SECTOR, SECTOR, 1));
	tear_down(&s);
}

static void what_is_neither_a_read_nor_a_write_is_refused(void)
{
	struct scene s = set_up();

	CHECK(dm_io_sync_vm(1, s.where, 2, s.data, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_vm(1, s.where, -1, s.data, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE | 1 << 11, s.data, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void an_asynchronous_call_without_a_function_is_refused(void)
{
	struct scene s = set_up();

	CHECK(dm_io_async_vm(1, s.where, DM_IO_WRITE, s.data, NULL, &s.told) == -EINVAL);
	tear_down(&s);
}

static void a_read_of_several_regions_is_an_error(void)
{
	struct scene s = set_up();

	CHECK(dm_io_sync_vm(2, s.where, DM_IO_READ, s.data, &s.bits) == -EIO);
	CHECK(dm_io_async_vm(2, s.where, DM_IO_READ, s.data, tell, &s.told) == -EIO);
	tear_down(&s);
}

static void sectors_and_counts_that_overflow_are_refused(void)
{
	struct scene s = set_up();
	struct page_list node = { &node, s.page };

	s.where[0] = region(s.bdev, ~(sector_t)0, 2);
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	s.where[0] = region(s.bdev, ((sector_t)1 << 54) - 4, 8);
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	s.where[0] = region(s.bdev, 0, ~(sector_t)0);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 0, &s.bits) == -EINVAL);
	s.where[0] = region(s.bdev, 0, (sector_t)1 << 54);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 0, &s.bits) == -EINVAL);
	CHECK(dm_io_sync_vm(1, s.where, DM_IO_WRITE, s.data, &s.bits) == -EINVAL);
	tear_down(&s);
}

static void the_most_sectors_that_there_can_be_are_more_than_the_device_has(void)
{
	struct scene s = set_up();
	struct page_list node = { &node, s.page };

	s.where[0] = region(s.bdev, 0, ((sector_t)1 << 54) - 1);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 512, NULL) == -EIO);
	CHECK(dm_io_sync(1, s.where, DM_IO_WRITE, &node, 4294967295U, &s.bits) == -EINVAL);
	tear_down(&s);
}

int main(void)
{
	RUN(more_than_64_regions_are_refused);
	RUN(asynchronous_calls_with_more_than_64_regions_are_refused_and_call_nobody);
	RUN(asynchronous_calls_without_memory_are_refused_and_call_nobody);
	RUN(regions_that_are_not_there_are_refused);
	RUN(no_regions_are_no_mistake);
	RUN(memory_that_is_not_there_is_refused);
	RUN(a_page_list_that_is_too_short_is_refused);
	RUN(an_offset_beyond_the_first_page_or_within_a_sector_is_refused);
	RUN(a_vector_beyond_its_page_or_of_a_part_of_a_sector_is_refused);
	RUN(a_vector_that_begins_within_a_sector_is_refused);
	RUN(a_vector_may_begin_at_any_sector_of_its_page);
	RUN(what_is_neither_a_read_nor_a_write_is_refused);
	RUN(an_asynchronous_call_without_a_function_is_refused);
	RUN(a_read_of_several_regions_is_an_error);
	RUN(sectors_and_counts_that_overflow_are_refused);
	RUN(the_most_sectors_that_there_can_be_are_more_than_the_device_has);
	return 0;
}
