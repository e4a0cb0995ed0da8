/* A program that was not linked with the library loads it, uses it, lets go of it, and loads it again. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <dlfcn.h>

/* C has no conversion of what dlsym returns to a function; POSIX says that both look alike. */
static void look_up(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	CHECK(symbol);
	memcpy(function, &symbol, sizeof(symbol));
}

static void load_and_write(const char *library)
{
	int (*open_device)(const char *, unsigned int, struct block_device **);
	int (*write_buffer)(unsigned int, struct io_region *, int, void *, unsigned long *);
	void (*close_device)(struct block_device *);
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	struct io_region where;
	unsigned char *data = filled(PAGE, 1);
	unsigned long bits = UNTOUCHED;

	if (!handle)
		fprintf(stderr, "%s\n", dlerror());
	CHECK(handle);
	look_up(handle, "dm_io_device_open", &open_device);
	look_up(handle, "dm_io_sync_vm", &write_buffer);
	look_up(handle, "dm_io_device_close", &close_device);
	where = region(NULL, 0, 8);
	CHECK(open_device("ram:1MiB", DM_IO_RDWR, &where.bdev) == 0);
	CHECK(write_buffer(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0);
	close_device(where.bdev);
	free(data);
	CHECK(dlclose(handle) == 0);
}

int main(int count, char **arguments)
{
	CHECK(count == 2);
	for (int times = 0; times < 3; times++)
		load_and_write(arguments[1]);
	return 0;
}
