/* What has come by the end: each callback once, whatever ended meanwhile; and nothing waits for something that waits for it. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

enum { REQUESTS = 200 };

static void count(unsigned long bits, void *context)
{
	(void)bits;
	__atomic_add_fetch((int *)context, 1, __ATOMIC_SEQ_CST);
}

/* A device over a file, whose name is gone already. */
static struct block_device *opened_file(unsigned int flags)
{
	char path[] = "/tmp/dm-io-disk-XXXXXX";
	struct block_device *bdev;
	int fd = mkstemp(path);

	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
	CHECK(dm_io_device_open(path, DM_IO_RDWR | flags, &bdev) == 0);
	close(fd);
	unlink(path);
	return bdev;
}

/* Writes of one region and of three, good ones, bad ones, and some that are refused. */
static void submit_all(struct dm_io_client *client, struct block_device **devices, void *data, int *times, bool *is_taken)
{
	for (int index = 0; index < REQUESTS; index++) {
		struct io_region where[3] = { region(devices[index % 4], 8, 8), region(devices[1], 2040, 16), region(devices[2], 0, 1) };
		struct dm_io_request write = writing(client, index % 7 == 6 ? NULL : data, count, &times[index]);
		int result = dm_io(&write, index % 3 ? 1 : 3, where, NULL, 0);

		CHECK(result == 0 || (result == -EINVAL && index % 7 == 6));
		is_taken[index] = result == 0;
		if (client && index % 50 == 49)
			CHECK(dm_io_client_poll(client, 0) >= 0);
	}
}

static void each_callback_has_run_once_when_all_is_over(void)
{
	static int times[3][REQUESTS];
	static bool is_taken[3][REQUESTS];
	struct block_device *devices[] = { opened("ram:1MiB"), opened_bad(), opened_file(0), opened_file(DM_IO_BUFFERED) };
	struct dm_io_client *clients[] = { dm_io_client_create(2, 0), dm_io_client_create(2, DM_IO_DRIVEN), NULL };
	unsigned char *data = filled(3 * PAGE, 1);

	for (int which = 0; which < 3; which++)
		submit_all(clients[which], devices, data, times[which], is_taken[which]);
	dm_io_client_destroy(clients[0]);
	dm_io_client_destroy(clients[1]);
	/* The common client stays: what it was given ends by itself. */
	for (int index = 0; index < REQUESTS; index++)
		while (is_taken[2][index] && __atomic_load_n(&times[2][index], __ATOMIC_SEQ_CST) == 0)
			CHECK(dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, NULL) == 0);
	for (int index = 0; index < 4; index++)
		dm_io_device_close(devices[index]);
	free(data);
	for (int which = 0; which < 3; which++)
		for (int index = 0; index < REQUESTS; index++)
			CHECK(__atomic_load_n(&times[which][index], __ATOMIC_SEQ_CST) == (is_taken[which][index] ? 1 : 0));
}

struct end {
	struct dm_io_client *client;
	struct told told;
};

static void destroy_and_tell(unsigned long bits, void *context)
{
	struct end *end = context;

	dm_io_client_destroy(end->client);
	tell(bits, &end->told);
}

/* The callback runs on the client's own thread, when the submission has not returned yet as often as not. */
static void a_shared_client_may_end_while_the_submission_returns(void)
{
	struct block_device *bdev = opened("null:1MiB");
	struct io_region where[2] = { region(bdev, 0, 8), region(bdev, 8, 8) };
	unsigned char *data = filled(PAGE, 1);

	for (int round = 0; round < 1000; round++) {
		struct end end = { dm_io_client_create(1, 0), TOLD };
		struct dm_io_request write = writing(end.client, data, destroy_and_tell, &end);

		CHECK(end.client && dm_io(&write, 1 + round % 2, where, NULL, 0) == 0);
		CHECK(wait_for(&end.told, 1) == 0);
		CHECK(end.told.times == 1);
	}
	free(data);
	dm_io_device_close(bdev);
}

/* Requests each of which is handed in by the callback of the one before. */
struct chain {
	struct dm_io_client *client;
	struct io_region where[2];
	unsigned char *data;
	int taken, answered;
	bool is_refused;
};

static void wait_inside(unsigned long bits, void *context)
{
	struct chain *chain = context;
	struct dm_io_request sync = writing(chain->client, chain->data, NULL, NULL);
	unsigned long word = UNTOUCHED;

	CHECK(bits == 0);
	for (unsigned int regions = 1; regions <= 2; regions++)
		CHECK(dm_io(&sync, regions, chain->where, &word, 0) == -EDEADLK && word == UNTOUCHED);
	chain->answered++;
}

static void a_callback_does_not_wait_for_a_request_to_its_own_client(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct chain chain = { dm_io_client_create(2, flags), { where, where }, data, 1, 0, false };
		struct dm_io_request write = writing(chain.client, data, wait_inside, &chain);
		struct dm_io_request sync = writing(chain.client, data, NULL, NULL);

		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		/* The client goes on. */
		CHECK(dm_io(&sync, 1, &where, NULL, 0) == 0);
		dm_io_client_destroy(chain.client);
		CHECK(chain.answered == 1);
	}
	free(data);
	dm_io_device_close(bdev);
}

static void go_on(unsigned long bits, void *context)
{
	struct chain *chain = context;
	struct dm_io_request write = writing(chain->client, chain->data, go_on, chain);
	int result;

	CHECK(bits == 0 && !chain->is_refused);
	result = dm_io(&write, 1 + (unsigned int)chain->answered++ % 2, chain->where, NULL, 0);
	CHECK(result == 0 || result == -ESHUTDOWN);
	chain->taken += result == 0;
	chain->is_refused = result == -ESHUTDOWN;
}

/* Destroying waits for the last of them, in whose callback another one is refused. */
static void what_is_handed_in_while_a_client_is_being_destroyed_is_refused(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (int round = 0; round < 20; round++) {
		struct dm_io_client *client = dm_io_client_create(2, round % 2 ? DM_IO_DRIVEN : 0);
		struct chain chain = { client, { where, where }, data, 1, 0, false };
		struct dm_io_request write = writing(client, data, go_on, &chain);

		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		/* So the last one is of one region in one round, and of two in the next. */
		for (int times = 0; times < round / 2; times++)
			CHECK(dm_io_client_poll(client, -1) >= 0);
		dm_io_client_destroy(client);
		CHECK(chain.is_refused && chain.answered == chain.taken);
	}
	free(data);
	dm_io_device_close(bdev);
}

struct pair {
	struct dm_io_client *clients[2];
	struct block_device *bdev;
	unsigned char *data;
	pthread_barrier_t both;
	struct told told;
};

struct half {
	struct pair *pair;
	int which;
};

/* Runs in both clients at once: whoever waited for the other here would wait for ever. */
static void turn_to_the_other(unsigned long bits, void *context)
{
	struct half *half = context;
	struct pair *pair = half->pair;
	struct dm_io_client *own = pair->clients[half->which], *other = pair->clients[1 - half->which];
	struct dm_io_request sync = writing(other, pair->data, NULL, NULL);
	struct io_region where = region(pair->bdev, 0, 8);
	unsigned long word = UNTOUCHED;

	pthread_barrier_wait(&pair->both);
	CHECK(dm_io_client_resize(other, 3) == -EDEADLK);
	CHECK(dm_io_client_poll(other, -1) == -EDEADLK && dm_io_client_poll(other, 1) == -EDEADLK);
	CHECK(dm_io(&sync, 1, &where, &word, 0) == -EDEADLK && word == UNTOUCHED);
	CHECK(dm_io_get(1) == -EDEADLK);
	dm_io_put(0);
	CHECK(dm_io_client_resize(own, 2) == 0 && dm_io_client_poll(own, 0) == 0);
	pthread_barrier_wait(&pair->both);
	/* The other one's callback is over, or about to be: nobody waits for its end. */
	tell(bits, &pair->told);
}

static void two_callbacks_do_not_wait_for_each_others_clients(void)
{
	struct pair pair = { .clients = { dm_io_client_create(1, 0), dm_io_client_create(1, 0) }, .told = TOLD };
	struct half halves[] = { { &pair, 0 }, { &pair, 1 } };

	pair.bdev = opened("ram:1MiB");
	pair.data = filled(PAGE, 1);
	CHECK(pthread_barrier_init(&pair.both, NULL, 2) == 0);
	for (int round = 1; round <= 20; round++) {
		for (int which = 0; which < 2; which++) {
			struct dm_io_request write = writing(pair.clients[which], pair.data, turn_to_the_other, &halves[which]);
			struct io_region where = region(pair.bdev, 0, 8);

			CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		}
		CHECK(wait_for(&pair.told, 2 * round) == 0);
	}
	dm_io_client_destroy(pair.clients[0]);
	dm_io_client_destroy(pair.clients[1]);
	dm_io_device_close(pair.bdev);
	pthread_barrier_destroy(&pair.both);
	free(pair.data);
}

static void destroy_the_other(unsigned long bits, void *context)
{
	struct half *half = context;
	struct pair *pair = half->pair;

	pthread_barrier_wait(&pair->both);
	dm_io_client_destroy(pair->clients[1 - half->which]);
	tell(bits, &pair->told);
}

static void two_callbacks_may_destroy_each_others_clients(void)
{
	struct block_device *bdev = opened("null:1MiB");
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (int round = 0; round < 50; round++) {
		struct pair pair = { .clients = { dm_io_client_create(1, 0), dm_io_client_create(1, 0) }, .told = TOLD };
		struct half halves[] = { { &pair, 0 }, { &pair, 1 } };

		CHECK(pthread_barrier_init(&pair.both, NULL, 2) == 0);
		for (int which = 0; which < 2; which++) {
			struct dm_io_request write = writing(pair.clients[which], data, destroy_the_other, &halves[which]);

			CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		}
		CHECK(wait_for(&pair.told, 2) == 0);
		pthread_barrier_destroy(&pair.both);
	}
	free(data);
	dm_io_device_close(bdev);
}

int main(void)
{
	RUN(each_callback_has_run_once_when_all_is_over);
	RUN(a_shared_client_may_end_while_the_submission_returns);
	RUN(a_callback_does_not_wait_for_a_request_to_its_own_client);
	RUN(what_is_handed_in_while_a_client_is_being_destroyed_is_refused);
	RUN(two_callbacks_do_not_wait_for_each_others_clients);
	RUN(two_callbacks_may_destroy_each_others_clients);
	return 0;
}
