/*
 * Drives the C interface with calls that the input makes up, sensible and not, and checks what holds for all of them: a call that is
 * refused leaves the word alone and calls nobody, each one that is taken is answered once, and nothing crashes. Callbacks submit, too.
 *
 * What the caller has to promise is kept: memory is as long as the regions that a request can reach, handles are not used after their end.
 */
#define _POSIX_C_SOURCE 200809L
#include "made_up.h"

static void use_text(void)
{
	struct io_region regions[71];
	struct flight *flight = new_flight();
	unsigned int form = byte() % 6;
	int rw = byte() % 8 ? (int)(byte() % 2) | (int)(byte() % 8) << 8 : (int)number();
	unsigned int count = make_regions(regions, (rw & 0xff) == DM_IO_READ || form == 2 || form == 3);
	unsigned int offset = byte() % 4 ? 512 * (byte() % 8) : (unsigned int)number();
	unsigned long bits = UNTOUCHED;
	io_notify_fn fn = byte() % 16 ? answer : NULL;
	void *data = byte() % 8 ? buffer : NULL;
	bool is_wrong;
	struct io_region *where = given(regions, &is_wrong);
	int result;

	switch (form) {
	case 0:
		result = dm_io_sync(count, where, rw, make_list(flight), offset, &bits);
		break;
	case 1:
		result = dm_io_async(count, where, rw, make_list(flight), offset, fn, flight);
		break;
	case 2:
		result = dm_io_sync_bvec(count, where, rw, make_vectors(flight), &bits);
		break;
	case 3:
		result = dm_io_async_bvec(count, where, rw, make_vectors(flight), fn, flight);
		break;
	case 4:
		result = dm_io_sync_vm(count, byte() % 16 ? where : NULL, rw, data, &bits);
		break;
	default:
		result = dm_io_async_vm(count, where, rw, data, fn, flight);
		break;
	}
	CHECK(!is_wrong || count == 0 || result == -EINVAL);
	if (form % 2) {
		check_async(result, flight);
	} else {
		check_sync(result, bits);
		drop(flight);
	}
}

static void use_request(void)
{
	struct io_region regions[71], *where;
	struct dm_io_region_error errors[70];
	/* What follows the request is there as far as it may be looked at, and mostly zero. */
	union {
		struct dm_io_request request;
		unsigned char bytes[PAGE];
	} room;
	struct dm_io_request *request = &room.request;
	struct flight *flight = new_flight();
	unsigned long bits = UNTOUCHED;
	unsigned int count;
	bool is_wrong;
	int result;

	memset(&room, 0, sizeof(room));
	if (byte() % 8 == 0)
		room.bytes[sizeof(*request) + byte()] = 1;
	request->size = byte() % 16 ? sizeof(*request) : number();
	request->op_flags = byte() % 8 ? (int)(byte() % 6) | (int)(byte() % 8) << 8 : (int)number();
	request->mem.type = (enum dm_io_mem_type)(byte() % 5);
	request->mem.offset = 512 * (byte() % 9);
	request->mem.ptr.addr = buffer;
	if (request->mem.type == DM_IO_PAGE_LIST)
		request->mem.ptr.pl = make_list(flight);
	else if (request->mem.type == DM_IO_BVEC)
		request->mem.ptr.bvec = make_vectors(flight);
	request->client = clients[byte() % CLIENTS];
	if (byte() % 2) {
		request->notify.fn = answer;
		request->notify.context = flight;
	} else if (byte() % 2) {
		request->errors = errors;
	}
	count = make_regions(regions, (request->op_flags & 0xff) == DM_IO_READ || request->mem.type == DM_IO_BVEC);
	where = given(regions, &is_wrong);
	result = dm_io(request, count, where, &bits, byte() % 4 ? 0 : (unsigned short)number());
	CHECK(!is_wrong || count == 0 || result == -EINVAL || result == -E2BIG);
	if (request->notify.fn) {
		check_async(result, flight);
	} else {
		check_sync(result, bits);
		drop(flight);
	}
}

static void use_clients(void)
{
	unsigned int which = 1 + byte() % (CLIENTS - 1);

	switch (byte() % 5) {
	case 0:
		dm_io_client_destroy(clients[which]);
		clients[which] = dm_io_client_create((unsigned int)(byte() % 8 ? byte() % 9 : number() % 70000), byte() % 3);
		break;
	case 1:
		(void)dm_io_client_resize(clients[which], (unsigned int)(byte() % 8 ? byte() % 9 : number() % 70000));
		break;
	case 2:
		(void)dm_io_client_event_fd(clients[which]);
		break;
	case 3:
		CHECK(dm_io_get(byte() % 8 ? byte() % 4 : (unsigned int)number()) <= 0);
		break;
	default:
		dm_io_put(byte() % 8 ? byte() % 4 : (unsigned int)number());
		break;
	}
	(void)dm_io_client_poll(clients[which], (int)(byte() % 3) - 1);
}

/* A file, which is what the ring is for. */
static struct block_device *opened_file(unsigned int flags)
{
	char path[] = "dm-io-disk-XXXXXX";
	int fd = mkstemp(path);
	struct block_device *bdev;

	CHECK(fd >= 0 && ftruncate(fd, (off_t)SECTORS * SECTOR) == 0);
	close(fd);
	CHECK(dm_io_device_open(path, DM_IO_RDWR | flags, &bdev) == 0);
	unlink(path);
	return bdev;
}

static struct block_device *opened_as(int which)
{
	switch (which) {
	case 0:
		return opened("ram:64KiB");
	case 1:
		return opened_file(0);
	case 2:
		return opened_bad();
	case 3:
		return opened("ram:4KiB");
	default:
		return opened_file(DM_IO_BUFFERED);
	}
}

/* Closes a device, whatever is on its way to it, and opens another one; not the first, which callbacks use. */
static void use_devices(void)
{
	int which = 1 + (int)(byte() % (DEVICES - 1));

	dm_io_device_close(devices[which]);
	devices[which] = opened_as(which);
	CHECK(dm_io_device_sectors(devices[which]) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!buffer) {
		buffer = filled((size_t)SECTORS * SECTOR, 0);
		for (int index = 0; index < NODES; index++)
			pages[index] = dm_io_page_alloc();
		for (int index = 0; index < DEVICES; index++)
			devices[index] = opened_as(index);
	}
	input = data;
	input_end = data + size;
	while (input < input_end) {
		switch (byte() % 8) {
		case 0:
			use_devices();
			break;
		case 1:
		case 2:
			use_clients();
			break;
		case 3:
		case 4:
			use_text();
			break;
		default:
			use_request();
			break;
		}
	}
	for (int index = 1; index < CLIENTS; index++) {
		dm_io_client_destroy(clients[index]);
		clients[index] = NULL;
	}
	wait_for_flights();
	check_flights();
	return 0;
}
