/* Prints how the structures of the interface lie. */
#include <dm_io.h>

#include <stdio.h>

#define SIZE(type) printf("%s %zu\n", #type, sizeof(struct type))
#define FIELD(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(struct type, field))

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
	return 0;
}
