/* What the fuzzer makes up: numbers, regions and memory out of its input, and flights, which count the answers of a request. */
#ifndef MADE_UP_H
#define MADE_UP_H

#include "check.h"

enum { SECTORS = 128, DEVICES = 5, CLIENTS = 3, NODES = 16 };

static const uint8_t *input, *input_end;
static struct block_device *devices[DEVICES];
static struct dm_io_client *clients[CLIENTS];
static unsigned char *buffer;
static struct page *pages[NODES];

/* What leads to the memory of one request, which the caller leaves alone until it is over; and how often it was taken and answered. */
struct flight {
	struct flight *next;
	struct page_list nodes[NODES];
	struct bio_vec vectors[NODES];
	struct page *page; /* its own, given back by the first callback */
	int chained;	   /* so often the callback submits again */
	int taken, answered;
};

/* Those of this run, and of the one before: a second answer may come late. */
static struct flight *flights, *earlier;

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

static void give_page_back(struct flight *flight)
{
	dm_io_page_free(__atomic_exchange_n(&flight->page, NULL, __ATOMIC_SEQ_CST));
}

/* Submits again to the client that nobody ends, and a device that nobody closes. */
static void answer(unsigned long bits, void *context)
{
	struct flight *flight = context;
	struct io_region regions[] = { { devices[0], bits % SECTORS, 1 }, { devices[0], SECTORS - 1, 1 } };

	give_page_back(flight);
	if (flight->chained > 0) {
		unsigned int count = 1 + (unsigned int)--flight->chained % 2;

		__atomic_add_fetch(&flight->taken, 1, __ATOMIC_SEQ_CST);
		if (dm_io_async_vm(count, regions, DM_IO_WRITE, buffer, answer, flight) != 0)
			__atomic_sub_fetch(&flight->taken, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_add_fetch(&flight->answered, 1, __ATOMIC_SEQ_CST);
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
	if (byte() % 2)
		flight->nodes[0].page = flight->page;
	return byte() % 16 ? &flight->nodes[byte() % NODES] : NULL;
}

static struct bio_vec *make_vectors(struct flight *flight)
{
	struct bio_vec *vectors = flight->vectors;

	for (int index = 0; index < NODES; index++) {
		/* Sixteen whole pages hold all that a device has. */
		vectors[index].bv_page = index == NODES / 2 ? flight->page : pages[index];
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

/* The flight of an asynchronous request counts as taken before the call, as its callback may come before that returns. */
static struct flight *new_flight(void)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	CHECK(flight);
	flight->page = dm_io_page_alloc();
	CHECK(flight->page);
	flight->chained = byte() % 4 ? 0 : (int)(byte() % 4);
	flight->taken = 1;
	flight->next = flights;
	flights = flight;
	return flight;
}

/* Takes back what was not taken, or is over: no callback has run. */
static void drop(struct flight *flight)
{
	CHECK(flight == flights && __atomic_load_n(&flight->answered, __ATOMIC_SEQ_CST) == 0);
	flights = flight->next;
	give_page_back(flight);
	free(flight);
}

static void check_async(int result, struct flight *flight)
{
	CHECK(result == 0 || result == -EIO || result == -EINVAL || result == -EPERM || result == -EAGAIN ||
	      result == -E2BIG);
	if (result != 0)
		drop(flight);
}

/* Misaligned now and then: then it is refused, unless nobody has to look. */
static struct io_region *given(struct io_region *regions, bool *is_wrong)
{
	*is_wrong = byte() % 16 == 0;
	return *is_wrong ? (void *)((char *)regions + 1 + byte() % 7) : regions;
}

static bool is_over(const struct flight *flight)
{
	return __atomic_load_n(&flight->answered, __ATOMIC_SEQ_CST) >= __atomic_load_n(&flight->taken, __ATOMIC_SEQ_CST);
}

/* The common client has nobody to end it: what was submitted to it ends by itself. */
static void wait_for_flights(void)
{
	for (struct flight *flight = flights; flight; flight = flight->next)
		while (!is_over(flight))
			(void)dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, NULL);
}

/* Each was answered as often as it was taken, those of the run before to this day. */
static void check_flights(void)
{
	for (struct flight *flight = flights; flight; flight = flight->next)
		CHECK(flight->answered == flight->taken && flight->taken >= 1);
	while (earlier) {
		struct flight *next = earlier->next;

		CHECK(earlier->answered == earlier->taken);
		free(earlier);
		earlier = next;
	}
	earlier = flights;
	flights = NULL;
}

#endif
