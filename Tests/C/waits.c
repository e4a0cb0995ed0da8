/* Calls that wait: threads that are cancelled in them, and how long they wait. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

/* A device each of whose writes takes so many milliseconds. */
static struct block_device *opened_slow(int milliseconds)
{
	char plan[] = "/tmp/dm-io-plan-XXXXXX", name[64], rules[80];
	struct block_device *bdev;
	int fd = mkstemp(plan);
	int length = snprintf(rules, sizeof(rules), "{\"rules\":[{\"action\":\"delay\",\"delay_ms\":%d}]}", milliseconds);

	CHECK(fd >= 0 && write(fd, rules, (size_t)length) == length);
	close(fd);
	snprintf(name, sizeof(name), "fault:%s,ram:1MiB", plan);
	bdev = opened(name);
	unlink(plan);
	return bdev;
}

/* What a thread does that is to be cancelled: calls of the library, as most others are points where it would be. */
struct job {
	void (*carry_out)(struct job *job);
	struct dm_io_client *client; /* shared */
	struct block_device *bdev;   /* slow */
	const char *path; /* of a file */
	unsigned char *data;
	struct told told;
	bool is_carried_out;
};

static void *carry_out_cancelled(void *context)
{
	struct job *job = context;
	int state;

	/* From here on the next point where a thread can be cancelled ends this one. */
	CHECK(pthread_cancel(pthread_self()) == 0);
	job->carry_out(job);
	job->is_carried_out = true;
	CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0 && state == PTHREAD_CANCEL_ENABLE);
	pthread_testcancel();
	return NULL;
}

static void poll_shared(struct job *job)
{
	struct io_region where = region(job->bdev, 0, 8);
	struct dm_io_request write = writing(job->client, job->data, tell, &job->told);

	CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
	CHECK(dm_io_client_poll(job->client, -1) >= 0);
	CHECK(dm_io_client_poll(job->client, 2) >= 0);
}

static void carry_out_and_wait(struct job *job)
{
	struct io_region where[] = { { job->bdev, 0, 8 }, { job->bdev, 8, 8 } };
	struct dm_io_request write = writing(job->client, job->data, NULL, NULL);

	CHECK(dm_io(&write, 2, where, NULL, 0) == 0);
	CHECK(dm_io_sync_vm(2, where, DM_IO_WRITE, job->data, NULL) == 0);
}

static void submit_and_go(struct job *job)
{
	struct io_region where[] = { { job->bdev, 0, 8 }, { job->bdev, 8, 8 } };
	struct dm_io_request write = writing(job->client, job->data, tell, &job->told);

	for (int times = 0; times < 20; times++) {
		CHECK(dm_io(&write, 1 + (unsigned int)times % 2, where, NULL, 0) == 0);
		CHECK(dm_io_async_vm(1, where, DM_IO_WRITE, job->data, tell, &job->told) == 0);
	}
}

static void reserve(struct job *job)
{
	CHECK(dm_io_get(3) == 0);
	dm_io_put(3);
	CHECK(dm_io_client_resize(job->client, 3) == 0 && dm_io_client_resize(job->client, 1) == 0);
}

static void make_and_end(struct job *job)
{
	struct io_region where = region(opened(job->path), 0, 8);

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct dm_io_client *client = dm_io_client_create(2, flags);
		struct dm_io_request write = writing(client, job->data, tell, &job->told);

		CHECK(client && dm_io(&write, 1, &where, NULL, 0) == 0);
		dm_io_client_destroy(client);
	}
	dm_io_device_close(where.bdev);
}

static void be_cancelled_in_a_callback(unsigned long bits, void *context)
{
	pthread_testcancel();
	tell(bits, context);
}

static void poll_driven(struct job *job)
{
	struct dm_io_client *client = dm_io_client_create(2, DM_IO_DRIVEN);
	struct io_region where = region(job->bdev, 0, 8);
	struct dm_io_request write = writing(client, job->data, be_cancelled_in_a_callback, &job->told);
	int event = dm_io_client_event_fd(client);

	CHECK(client && event >= 0);
	for (int times = 0; times < 2; times++) {
		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		CHECK(dm_io_client_poll(client, times ? -1 : 60000) == 1);
	}
	dm_io_client_destroy(client);
}

static void a_thread_is_cancelled_after_a_call_and_never_inside(void)
{
	void (*const jobs[])(struct job *) = { poll_shared,  carry_out_and_wait, submit_and_go,
					       reserve,	     make_and_end,	 poll_driven };
	struct dm_io_client *client = dm_io_client_create(2, 0);
	struct block_device *bdev = opened_slow(2), *quick = opened("ram:1MiB");
	struct io_region where = region(quick, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	struct dm_io_request write = writing(client, data, NULL, NULL);
	char path[] = "/tmp/dm-io-disk-XXXXXX";
	int fd = mkstemp(path);

	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
	for (size_t index = 0; index < sizeof(jobs) / sizeof(jobs[0]); index++) {
		struct job job = { jobs[index], client, bdev, path, data, TOLD, false };
		pthread_t thread;
		void *end;

		CHECK(pthread_create(&thread, NULL, carry_out_cancelled, &job) == 0 && pthread_join(thread, &end) == 0);
		CHECK(job.is_carried_out && end == PTHREAD_CANCELED);
		/* The clients that it used go on. */
		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		CHECK(dm_io_sync_vm(1, &where, DM_IO_WRITE, data, NULL) == 0);
		wait_for(&job.told, jobs[index] == submit_and_go ? 40 : jobs[index] == poll_shared ? 1 : 0);
	}
	close(fd);
	unlink(path);
	dm_io_client_destroy(client);
	dm_io_device_close(bdev);
	dm_io_device_close(quick);
	free(data);
}

static void who_cannot_be_cancelled_before_a_call_cannot_afterwards(void)
{
	int state;

	CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
	CHECK(dm_io_sync_vm(0, NULL, DM_IO_WRITE, NULL, NULL) == 0);
	CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0 && state == PTHREAD_CANCEL_DISABLE);
}

static void count(unsigned long bits, void *context)
{
	CHECK(bits == 0);
	++*(int *)context;
}

/* A delay goes by in parts of 50 ms, none of which is the end of a request. */
static void poll_waits_until_a_request_has_ended(void)
{
	struct block_device *bdev = opened_slow(160);
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);

	for (unsigned int flags = 0; flags <= DM_IO_DRIVEN; flags++) {
		struct dm_io_client *client = dm_io_client_create(1, flags);
		int times = 0;
		struct dm_io_request write = writing(client, data, count, &times);

		CHECK(dm_io(&write, 1, &where, NULL, 0) == 0);
		CHECK(dm_io_client_poll(client, 60000) == 1 && times == 1);
		CHECK(dm_io_client_poll(client, 1) == 0);
		dm_io_client_destroy(client);
	}
	dm_io_device_close(bdev);
	free(data);
}

static void a_device_that_is_closed_carries_out_what_was_handed_in(void)
{
	struct block_device *bdev = opened_slow(10);
	struct io_region where = region(bdev, 0, 8);
	unsigned char *data = filled(PAGE, 1);
	struct told told[5] = { TOLD, TOLD, TOLD, TOLD, TOLD };

	/* All but one wait: nothing is reserved. */
	for (int index = 0; index < 5; index++)
		CHECK(dm_io_async_vm(1, &where, DM_IO_WRITE, data, tell, &told[index]) == 0);
	dm_io_device_close(bdev);
	for (int index = 0; index < 5; index++)
		CHECK(wait_for(&told[index], 1) == 0);
	free(data);
}

int main(void)
{
	RUN(a_device_that_is_closed_carries_out_what_was_handed_in);
	RUN(a_thread_is_cancelled_after_a_call_and_never_inside);
	RUN(who_cannot_be_cancelled_before_a_call_cannot_afterwards);
	RUN(poll_waits_until_a_request_has_ended);
	return 0;
}
