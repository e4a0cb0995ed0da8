/* Clients of one's own: driven and shared, their descriptors, their ends. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <poll.h>

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	++*(int *)context;
}

static void a_driven_client_calls_back_in_its_poll_and_nowhere_else(void)
{
	struct dm_io_client *client = dm_io_client_create(4, DM_IO_DRIVEN);
	struct block_device *bdev = opened("ram:1MiB");
	unsigned char *data = filled(PAGE, 1);
	struct dm_io_region where = region(bdev, 0, 8);
	int times = 0, ended = 0;
	struct dm_io_request write = writing(client, data, count, &times);

	CHECK(client);
	CHECK(dm_io_client_poll(client, 0) == 0 && dm_io_client_poll(client, -1) == 0);
	for (int index = 0; index < 20; index++)
		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0 && times == 0);
	while (ended < 20) {
		int now = dm_io_client_poll(client, -1);

		CHECK(now > 0);
		ended += now;
	}
	CHECK(times == 20 && ended == 20);
	CHECK(dm_io_client_poll(client, 1) == 0);
	CHECK(dm_io_client_resize(client, 64) == 0 && dm_io_client_resize(client, 1) == 0);
	CHECK(dm_io_client_resize(client, 0) == -EINVAL && dm_io_client_resize(client, 4294967295U) == -EINVAL);
	dm_io_client_destroy(client);
	dm_io_device_close(bdev);
	free(data);
}

static void *use_elsewhere(void *client)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct dm_io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	struct told told = TOLD;
	struct dm_io_request sync = writing(client, data, NULL, NULL), async = writing(client, data, tell, &told);
	unsigned long bits = UNTOUCHED;

	CHECK(dm_io_client_poll(client, 0) == -EPERM && dm_io_client_poll(client, -1) == -EPERM);
	CHECK(dm_io_client_resize(client, 2) == -EPERM && dm_io_client_event_fd(client) == -EPERM);
	CHECK(dm_io(&sync, 1, &where, &bits, 0) == -EPERM && bits == UNTOUCHED);
	CHECK(dm_io(&async, 1, &where, &bits, 0) == -EPERM && told.times == 0);
	/* Nothing is done: the client goes on on its own thread. */
	dm_io_client_destroy(client);
	free(data);
	dm_io_device_close(bdev);
	return NULL;
}

static void a_driven_client_is_its_threads_alone(void)
{
	struct dm_io_client *client = dm_io_client_create(1, DM_IO_DRIVEN);
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, use_elsewhere, client) == 0 && pthread_join(thread, NULL) == 0);
	CHECK(dm_io_client_poll(client, 0) == 0);
	dm_io_client_destroy(client);
}

struct inside {
	struct dm_io_client *client;
	int times;
};

static void poll_inside(unsigned long bits, void *context)
{
	struct inside *inside = context;

	CHECK(bits == 0);
	CHECK(dm_io_client_poll(inside->client, -1) == -EDEADLK && dm_io_client_poll(inside->client, 10) == -EDEADLK);
	CHECK(dm_io_client_poll(inside->client, 0) == 0);
	inside->times++;
}

static void a_callback_may_not_wait_in_poll(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct dm_io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct inside inside = { dm_io_client_create(2, flags), 0 };
		struct dm_io_request write = writing(inside.client, data, poll_inside, &inside);

		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		dm_io_client_destroy(inside.client);
		CHECK(inside.times == 1);
	}
	free(data);
	dm_io_device_close(bdev);
}

/* A loop over poll(2), as an event loop has it. */
static void drive(struct dm_io_client *client, int fd, const int *times, int until)
{
	while (*times < until) {
		struct pollfd entry;

		CHECK(dm_io_client_poll(client, 0) >= 0);
		if (*times >= until)
			break;
		entry.fd = fd;
		entry.events = POLLIN;
		CHECK(poll(&entry, 1, 60000) == 1);
	}
}

static void the_event_descriptor_tells_when_to_poll(void)
{
	static const char *const plans[] = {
		NULL, "{\"rules\":[{\"action\":\"delay\",\"delay_ms\":20}]}", "{\"rules\":[{\"errno\":\"EAGAIN\",\"times\":40}]}"
	};
	char path[] = "/tmp/dm-io-disk-XXXXXX", plan[] = "/tmp/dm-io-plan-XXXXXX", name[128];
	int fd = mkstemp(path), rules = mkstemp(plan);
	unsigned char *data = filled(PAGE, 1);

	CHECK(fd >= 0 && rules >= 0 && ftruncate(fd, 1 << 20) == 0);
	for (size_t index = 0; index < 3; index++) {
		struct dm_io_client *client = dm_io_client_create(2, DM_IO_DRIVEN);
		int times = 0, event = dm_io_client_event_fd(client);
		struct dm_io_request write = writing(client, data, count, &times);
		struct dm_io_region where;

		CHECK(event >= 0 && dm_io_client_event_fd(client) == event);
		snprintf(name, sizeof(name), "%s", path);
		if (plans[index]) {
			CHECK(ftruncate(rules, 0) == 0);
			CHECK(pwrite(rules, plans[index], strlen(plans[index]), 0) == (ssize_t)strlen(plans[index]));
			snprintf(name, sizeof(name), "fault:%s,%s", plan, path);
		}
		where = region(opened(name), 0, 8);
		for (int round = 1; round <= 5; round++) {
			for (int one = 0; one < 6; one++)
				CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
			drive(client, event, &times, 6 * round);
		}
		dm_io_client_destroy(client);
		dm_io_device_close(where.bdev);
	}
	close(fd);
	close(rules);
	unlink(path);
	unlink(plan);
	free(data);
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

static void a_callback_may_destroy_its_client(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct dm_io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (int times = 0; times < 50; times++) {
		struct end end = { dm_io_client_create(2, 0), TOLD };
		struct dm_io_request write = writing(end.client, data, destroy_and_tell, &end);

		CHECK(end.client && dm_io(&write, 1, &where, NULL, 0) == 0);
		CHECK(wait_for(&end.told, 1) == 0);
	}
	free(data);
	dm_io_device_close(bdev);
}

static void destroying_a_client_waits_for_what_is_in_flight(void)
{
	struct block_device *bdev = opened("ram:1MiB");
	struct dm_io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct dm_io_client *client = dm_io_client_create(1, flags);
		int times = 0;
		struct dm_io_request write = writing(client, data, count, &times);

		for (int index = 0; index < 50; index++)
			CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		dm_io_client_destroy(client);
		CHECK(times == 50);
	}
	dm_io_client_destroy(NULL);
	free(data);
	dm_io_device_close(bdev);
}

struct others {
	struct dm_io_client *driven, *shared;
	struct block_device *bdev;
	unsigned char *data;
	int times;
};

static void wait_for_others(unsigned long bits, void *context)
{
	struct others *others = context;
	struct dm_io_client *clients[] = { others->driven, others->shared };
	struct io_region where = region(others->bdev, 0, 8);
	unsigned long word = UNTOUCHED;

	CHECK(bits == 0);
	for (int which = 0; which < 2; which++) {
		struct dm_io_request sync = writing(clients[which], others->data, NULL, NULL);

		CHECK(dm_io(&sync, 1, &where, &word, 0) == -EDEADLK && word == UNTOUCHED);
		CHECK(dm_io_client_poll(clients[which], -1) == -EDEADLK && dm_io_client_poll(clients[which], 10) == -EDEADLK);
		CHECK(dm_io_client_poll(clients[which], 0) == 0);
	}
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, others->data, &word) == -EDEADLK && word == UNTOUCHED);
	others->times++;
}

static void a_driven_clients_callback_waits_for_no_other_client(void)
{
	struct dm_io_client *client = dm_io_client_create(1, DM_IO_DRIVEN);
	struct others others = { dm_io_client_create(1, DM_IO_DRIVEN), dm_io_client_create(1, 0), opened("ram:1MiB"), filled(PAGE, 1), 0 };
	struct dm_io_request request = writing(client, others.data, wait_for_others, &others);
	struct io_region where = region(others.bdev, 0, 8);
	unsigned long word = UNTOUCHED;

	CHECK(dm_io(&request, 1, &where, NULL, 0) == 0);
	while (others.times == 0)
		CHECK(dm_io_client_poll(client, -1) >= 0);
	/* After it all of that goes on as always. */
	request = writing(others.driven, others.data, NULL, NULL);
	CHECK(dm_io(&request, 1, &where, &word, 0) == 0 && word == 0);
	CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, others.data, &word) == 0 && word == 0);
	dm_io_client_destroy(client);
	dm_io_client_destroy(others.driven);
	dm_io_client_destroy(others.shared);
	free(others.data);
	dm_io_device_close(others.bdev);
}

static void wrong_clients_are_refused(void)
{
	struct dm_io_client *shared = dm_io_client_create(1, 0);

	errno = 0;
	CHECK(!dm_io_client_create(0, 0) && errno == EINVAL);
	CHECK(!dm_io_client_create(1, 2) && errno == EINVAL);
	CHECK(!dm_io_client_create(4294967295U, DM_IO_DRIVEN) && errno == EINVAL);
	CHECK(dm_io_client_event_fd(NULL) == -EINVAL && dm_io_client_poll(NULL, 0) == -EINVAL);
	CHECK(dm_io_client_resize(NULL, 1) == -EINVAL && dm_io_client_event_fd(shared) == -EINVAL);
	dm_io_client_destroy(shared);
}

int main(void)
{
	RUN(a_driven_client_calls_back_in_its_poll_and_nowhere_else);
	RUN(a_driven_client_is_its_threads_alone);
	RUN(a_callback_may_not_wait_in_poll);
	RUN(a_driven_clients_callback_waits_for_no_other_client);
	RUN(the_event_descriptor_tells_when_to_poll);
	RUN(a_callback_may_destroy_its_client);
	RUN(destroying_a_client_waits_for_what_is_in_flight);
	RUN(wrong_clients_are_refused);
	return 0;
}
