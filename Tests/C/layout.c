/* Prints how the structures of the interface lie, what its names are worth, and what its macro stands for. */
#include <dm_io.h>

#include <stdio.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(struct type))
#define FIELD(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(struct type, field))
#define VALUE(name) printf("%s %d\n", #name, name)
/* What is printed second is the name after the macros in it were put in. */
#define TEXT(text) #text
#define MACRO(name) PAIR(#name, name)
#define PAIR(name, text) printf("%s %s\n", name, TEXT(text))

int main(void)
{
	SIZE(io_region);
	FIELD(io_region, sector);
	FIELD(io_region, count);
	SIZE(page_list);
	FIELD(page_list, page);
	SIZE(bio_vec);
	FIELD(bio_vec, bv_len);
	FIELD(bio_vec, bv_offset);
	SIZE(dm_io_memory);
	FIELD(dm_io_memory, offset);
	FIELD(dm_io_memory, ptr);
	SIZE(dm_io_notify);
	FIELD(dm_io_notify, context);
	SIZE(dm_io_region_error);
	FIELD(dm_io_region_error, sector);
	SIZE(dm_io_request);
	FIELD(dm_io_request, op_flags);
	FIELD(dm_io_request, mem);
	FIELD(dm_io_request, notify);
	FIELD(dm_io_request, client);
	FIELD(dm_io_request, errors);
	VALUE(DM_IO_RDONLY);
	VALUE(DM_IO_RDWR);
	VALUE(DM_IO_BUFFERED);
	VALUE(DM_IO_CHARACTER);
	VALUE(DM_IO_READ);
	VALUE(DM_IO_WRITE);
	VALUE(DM_IO_FLUSH);
	VALUE(DM_IO_DISCARD);
	VALUE(DM_IO_WRITE_ZEROES);
	VALUE(DM_IO_FUA);
	VALUE(DM_IO_PREFLUSH);
	VALUE(DM_IO_SYNC);
	VALUE(DM_IO_PAGE_LIST);
	VALUE(DM_IO_BVEC);
	VALUE(DM_IO_VMA);
	VALUE(DM_IO_KMEM);
	VALUE(DM_IO_DRIVEN);
	MACRO(dm_io_region);
	return 0;
}
