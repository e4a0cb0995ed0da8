/*
 * Drives the C interface with calls that the input makes up, sensible and not, and checks what holds for all of them: a call that is
 * refused leaves the word alone and calls nobody, one that is taken is answered once, and nothing crashes.
 *
 * What the caller has to promise is kept: memory is as long as the regions that a request can reach, handles are not used after their end.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

enum { SECTORS = 128, DEVICES = 5, CLIENTS = 3, NODES = 16 };

static const uint8_t *input, *input_end;
static struct block_device *devices[DEVICES];
static struct dm_io_client *clients[CLIENTS];
static unsigned char *buffer;
static struct page *pages[NODES];
static int taken, answered;

/* What leads to the memory of one request, which the caller leaves alone until it is over. */
struct flight {
	struct page_list nodes[NODES];
	struct bio_vec vectors[NODES];
};

static unsigned int byte(void)
{
	return input < input_end ? *input++ : 0;
}

/* A small number mostly, sometimes one from the edges. */
static uint64_t number(void)
{
	static const uint64_t edges[] = { 0, 1, 64, 65, 4095, 4096, 1ULL << 31, 0xffffffff, (1ULL << 54) - 1, 1ULL << 54, ~0ULL };
	unsigned int first = byte();

	return first < 200 ? first % SECTORS : edges[first % (sizeof(edges) / sizeof(edges[0]))];
}

static void answer(unsigned long bits, void *context)
{
	(void)bits;
	free(context);
	__atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
}

/*
 * Regions, as many as fit; some without a device, beyond its end, or of more sectors than there are. Not those of a read, as what it does
 * not bring is zeroed, nor with an array of vectors, which nothing but the request ends.
 */
static unsigned int make_regions(struct io_region *regions, bool is_short)
{
	unsigned int count = byte() % 70;

	for (unsigned int index = 0; index < count && index < 70; index++) {
		regions[index].bdev = byte() % 16 ? devices[byte() % DEVICES] : NULL;
		regions[index].sector = number();
		regions[index].count = is_short ? byte() % SECTORS : number();
		if (regions[index].count > SECTORS && byte() % 2)
			regions[index].sector = 0;
	}
	return count;
}

/* Pages in a ring, so that a list of them is as long as anybody asks. */
static struct page_list *make_list(struct flight *flight)
{
	for (int index = 0; index < NODES; index++) {
		flight->nodes[index].next = &flight->nodes[(index + 1 + (int)(byte() % 3)) % NODES];
		flight->nodes[index].page = byte() % 32 ? pages[index] : NULL;
	}
	return byte() % 16 ? &flight->nodes[byte() % NODES] : NULL;
}

static struct bio_vec *make_vectors(struct flight *flight)
{
	struct bio_vec *vectors = flight->vectors;

	for (int index = 0; index < NODES; index++) {
		/* Sixteen whole pages hold all that a device has. */
		vectors[index].bv_page = pages[index];
		vectors[index].bv_len = PAGE;
		vectors[index].bv_offset = 0;
		if (byte() % 8 == 0) {
			vectors[index].bv_len = (unsigned int)number();
			vectors[index].bv_offset = (unsigned int)number();
			/* A vector that is refused ends the walk; one of nothing would lead beyond the last. */
			if (vectors[index].bv_len < PAGE && vectors[index].bv_len % SECTOR == 0)
				vectors[index].bv_len = 1;
		}
	}
	return byte() % 16 ? vectors : NULL;
}

static void check_sync(int result, unsigned long bits)
{
	CHECK(result == 0 || result == -EIO || result == -EINVAL || result == -EPERM || result == -EAGAIN ||
	      result == -E2BIG);
	if (result == 0)
		CHECK(bits == 0);
	else if (result != -EIO)
		CHECK(bits == UNTOUCHED);
}

static void check_async(int result, struct flight *flight)
{
	CHECK(result == 0 || result == -EIO || result == -EINVAL || result == -EPERM || result == -EAGAIN ||
	      result == -E2BIG);
	if (result == 0)
		taken++;
	else
		free(flight);
}

static struct flight *new_flight(void)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	CHECK(flight);
	return flight;
}

static void use_text(void)
{
	struct io_region regions[70];
	struct flight *flight = new_flight();
	unsigned int form = byte() % 6;
	int rw = byte() % 8 ? (int)(byte() % 2) | (int)(byte() % 8) << 8 : (int)number();
	unsigned int count = make_regions(regions, (rw & 0xff) == DM_IO_READ || form == 2 || form == 3);
	unsigned int offset = byte() % 4 ? 512 * (byte() % 8) : (unsigned int)number();
	unsigned long bits = UNTOUCHED;
	io_notify_fn fn = byte() % 16 ? answer : NULL;
	void *data = byte() % 8 ? buffer : NULL;

	switch (form) {
	case 0:
		check_sync(dm_io_sync(count, regions, rw, make_list(flight), offset, &bits), bits);
		break;
	case 1:
		check_async(dm_io_async(count, regions, rw, make_list(flight), offset, fn, flight), flight);
		return;
	case 2:
		check_sync(dm_io_sync_bvec(count, regions, rw, make_vectors(flight), &bits), bits);
		break;
	case 3:
		check_async(dm_io_async_bvec(count, regions, rw, make_vectors(flight), fn, flight), flight);
		return;
	case 4:
		check_sync(dm_io_sync_vm(count, byte() % 16 ? regions : NULL, rw, data, &bits), bits);
		break;
	default:
		check_async(dm_io_async_vm(count, regions, rw, data, fn, flight), flight);
		return;
	}
	free(flight);
}

static void use_request(void)
{
	struct io_region regions[70];
	struct dm_io_region_error errors[70];
	/* What follows the request is there as far as it may be looked at, and mostly zero. */
	union {
		struct dm_io_request request;
		unsigned char bytes[PAGE];
	} given;
	struct dm_io_request *request = &given.request;
	struct flight *flight = new_flight();
	unsigned long bits = UNTOUCHED;
	unsigned int count;
	int result;

	memset(&given, 0, sizeof(given));
	if (byte() % 8 == 0)
		given.bytes[sizeof(*request) + byte()] = 1;
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
	result = dm_io(request, count, regions, &bits, byte() % 4 ? 0 : (unsigned short)number());
	if (request->notify.fn) {
		check_async(result, flight);
	} else {
		check_sync(result, bits);
		free(flight);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!buffer) {
		buffer = filled((size_t)SECTORS * SECTOR, 0);
		for (int index = 0; index < NODES; index++)
			pages[index] = dm_io_page_alloc();
		devices[0] = opened("ram:64KiB");
		devices[1] = opened_file(0);
		devices[2] = opened_bad();
		devices[3] = opened("ram:4KiB");
		devices[4] = opened_file(DM_IO_BUFFERED);
	}
	input = data;
	input_end = data + size;
	while (input < input_end) {
		switch (byte() % 4) {
		case 0:
			use_clients();
			break;
		case 1:
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
	/* The common client has nobody to end it: what was submitted to it ends by itself. */
	while (__atomic_load_n(&answered, __ATOMIC_SEQ_CST) < taken)
		(void)dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, NULL);
	CHECK(answered == taken);
	return 0;
}
