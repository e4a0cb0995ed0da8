/*
 * Writes the same bytes to all devices at once, and says which of them failed, why and where:
 *
 *     cc mirror.c $(pkg-config --cflags --libs dm-io) -o mirror && ./mirror ram:1MiB disk.img
 */
#include <dm_io.h>

#include <stdio.h>
#include <string.h>

enum { LEGS = 64, SECTORS = 64 };

int main(int count, char **names)
{
	struct dm_io_region legs[LEGS];
	struct dm_io_region_error errors[LEGS];
	struct page_list nodes[SECTORS / 8];
	struct dm_io_request request;
	unsigned long failed = 0;
	int number = count - 1, result;

	if (number < 1 || number > LEGS) {
		fprintf(stderr, "usage: mirror DEVICE...\n");
		return 2;
	}
	for (int leg = 0; leg < number; leg++) {
		result = dm_io_device_open(names[leg + 1], DM_IO_RDWR, &legs[leg].bdev);
		if (result) {
			fprintf(stderr, "%s: %s\n", names[leg + 1], strerror(-result));
			return 1;
		}
		legs[leg].sector = 0;
		legs[leg].count = SECTORS;
	}
	for (int index = 0; index < SECTORS / 8; index++) {
		nodes[index].page = dm_io_page_alloc();
		if (!nodes[index].page)
			return 1;
		nodes[index].next = index + 1 < SECTORS / 8 ? &nodes[index + 1] : NULL;
		memset(dm_io_page_address(nodes[index].page), 0x5a, 4096);
	}

	memset(&request, 0, sizeof(request));
	request.size = sizeof(request);
	request.op_flags = DM_IO_WRITE | DM_IO_FUA;
	request.mem.type = DM_IO_PAGE_LIST;
	request.mem.ptr.pl = nodes;
	request.errors = errors;
	result = dm_io(&request, (unsigned int)number, legs, &failed, 0);
	if (result && !failed)
		fprintf(stderr, "not written: %s\n", strerror(-result));
	for (int leg = 0; leg < number; leg++) {
		if (failed >> leg & 1)
			printf("%s: sector %llu: %s\n", names[leg + 1], (unsigned long long)errors[leg].sector, strerror(errors[leg].error));
		else if (!result || failed)
			printf("%s: written\n", names[leg + 1]);
		dm_io_device_close(legs[leg].bdev);
	}
	for (int index = 0; index < SECTORS / 8; index++)
		dm_io_page_free(nodes[index].page);
	return result ? 1 : 0;
}
