/* What can be opened as a device, and what cannot. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void devices_that_cannot_be_opened_say_why(void)
{
	struct block_device *bdev = (struct block_device *)&bdev, *before = bdev;
	char plan[] = "/tmp/dm-io-plan-XXXXXX", name[64], longer[300] = "";
	int fd = mkstemp(plan);

	CHECK(dm_io_device_open("/nonexistent/device", DM_IO_RDWR, &bdev) == -ENOENT);
	CHECK(dm_io_device_open("nbd://somewhere", DM_IO_RDONLY, &bdev) == -EINVAL);
	CHECK(dm_io_device_open("ram:", DM_IO_RDONLY, &bdev) == -EINVAL);
	CHECK(dm_io_device_open("ram:1MiB,offset=8", DM_IO_RDONLY, &bdev) == -EINVAL);
	CHECK(dm_io_device_open("", DM_IO_RDONLY, &bdev) == -EINVAL);
	CHECK(dm_io_device_open(NULL, DM_IO_RDONLY, &bdev) == -EINVAL);
	CHECK(dm_io_device_open("ram:1MiB", 16, &bdev) == -EINVAL);
	CHECK(dm_io_device_open("ram:1MiB", DM_IO_RDWR, NULL) == -EINVAL);
	CHECK(dm_io_device_open("\xff\xfe", DM_IO_RDONLY, &bdev) == -ENOENT);
	CHECK(dm_io_device_open("/tmp", DM_IO_RDWR, &bdev) == -EISDIR);
	CHECK(dm_io_device_open("/dev/null", DM_IO_RDWR, &bdev) == -ENOTBLK);
	CHECK(dm_io_device_open("/tmp", DM_IO_RDWR | DM_IO_CHARACTER, &bdev) == -EISDIR);
	CHECK(dm_io_device_open("/dev/null/x", DM_IO_RDWR, &bdev) == -ENOTDIR);
	memset(longer, 'x', sizeof(longer) - 1);
	CHECK(dm_io_device_open(longer, DM_IO_RDWR, &bdev) == -ENAMETOOLONG);
	CHECK(fd >= 0 && write(fd, "{", 1) == 1);
	close(fd);
	snprintf(name, sizeof(name), "fault:%s,ram:1MiB", plan);
	CHECK(dm_io_device_open(name, DM_IO_RDWR, &bdev) == -EINVAL);
	unlink(plan);
	CHECK(dm_io_device_open(name, DM_IO_RDWR, &bdev) == -ENOENT);
	CHECK(bdev == before);
	dm_io_device_close(NULL);
	dm_io_page_free(NULL);
	CHECK(dm_io_device_sectors(NULL) == 0);
}

static void character_devices_are_opened_if_they_are_asked_for(void)
{
	const char *names[] = { "/dev/null", "/dev/zero" };
	unsigned char *data = filled(2 * PAGE, 5);
	unsigned long bits = UNTOUCHED;

	for (unsigned int flags = DM_IO_CHARACTER; flags <= (DM_IO_CHARACTER | DM_IO_BUFFERED); flags += DM_IO_BUFFERED) {
		for (int index = 0; index < 2; index++) {
			struct block_device *bdev = NULL;
			struct dm_io_region where;

			CHECK(dm_io_device_open(names[index], DM_IO_RDWR | flags, &bdev) == 0);
			CHECK(dm_io_device_sectors(bdev) == 1 << 21);
			where = region(bdev, (1 << 21) - 16, 16);
			CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == 0 && bits == 0 && is_all(data, 2 * PAGE, 5));
			/* Of /dev/null there is nothing to be read, so the region comes back short. */
			CHECK(dm_io_sync_vm(1, &where, DM_IO_READ, data, &bits) == (index ? 0 : -EIO) && bits == !index);
			CHECK(index == 0 || is_all(data, 2 * PAGE, 0));
			memset(data, 5, 2 * PAGE);
			where.sector++;
			CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, &bits) == -EIO && bits == 1);
			dm_io_device_close(bdev);
		}
	}
	free(data);
}

int main(void)
{
	RUN(devices_that_cannot_be_opened_say_why);
	RUN(character_devices_are_opened_if_they_are_asked_for);
	return 0;
}
