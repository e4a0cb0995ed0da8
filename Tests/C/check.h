/* What the C tests share: a test is a function named by a sentence, run in turn; the first thing that is wrong ends the program. */
#ifndef CHECK_H
#define CHECK_H

#include <dm_io.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                                                  \
	do {                                                                                              \
		if (!(condition)) {                                                                       \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);           \
			exit(1);                                                                          \
		}                                                                                         \
	} while (0)

#define RUN(test)                        \
	do {                             \
		printf("%s\n", #test);   \
		fflush(stdout);          \
		test();                  \
	} while (0)

enum { SECTOR = 512, PAGE = 4096 };

/* A word that a refused call has to leave alone. */
#define UNTOUCHED 0xdeadbeefUL

/* Told by a callback, waited for by the test. */
struct told {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long bits;
	int times;
};

#define TOLD { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, UNTOUCHED, 0 }

static inline void tell(unsigned long bits, void *context)
{
	struct told *told = context;

	pthread_mutex_lock(&told->lock);
	told->bits = bits;
	told->times++;
	pthread_cond_broadcast(&told->changed);
	pthread_mutex_unlock(&told->lock);
}

static inline unsigned long wait_for(struct told *told, int times)
{
	unsigned long bits;

	pthread_mutex_lock(&told->lock);
	while (told->times < times)
		pthread_cond_wait(&told->changed, &told->lock);
	bits = told->bits;
	pthread_mutex_unlock(&told->lock);
	return bits;
}

static inline struct block_device *opened(const char *name)
{
	struct block_device *bdev = NULL;

	CHECK(dm_io_device_open(name, DM_IO_RDWR, &bdev) == 0 && bdev);
	return bdev;
}

/* A device of a mebibyte on which all of sectors 8 to 15 fail. */
static inline struct block_device *opened_bad(void)
{
	char plan[] = "/tmp/dm-io-plan-XXXXXX", name[64];
	static const char rules[] = "{\"rules\":[{\"op\":\"write\",\"sectors\":[8,8]},{\"op\":\"read\",\"sectors\":[8,8]}]}";
	struct block_device *bdev;
	int fd = mkstemp(plan);

	CHECK(fd >= 0 && write(fd, rules, sizeof(rules) - 1) == (ssize_t)sizeof(rules) - 1);
	close(fd);
	snprintf(name, sizeof(name), "fault:%s,ram:1MiB", plan);
	bdev = opened(name);
	unlink(plan);
	return bdev;
}

/* A buffer of whole pages, each byte of which is `byte`. */
static inline unsigned char *filled(size_t bytes, int byte)
{
	void *memory = NULL;

	CHECK(posix_memalign(&memory, PAGE, bytes) == 0);
	memset(memory, byte, bytes);
	return memory;
}

static inline bool is_all(const unsigned char *bytes, size_t count, int byte)
{
	for (size_t index = 0; index < count; index++)
		if (bytes[index] != byte)
			return false;
	return true;
}

static inline struct io_region region(struct block_device *bdev, sector_t sector, sector_t count)
{
	struct io_region made = { bdev, sector, count };

	return made;
}

/* A write of the buffer `data`; without a function to call it is synchronous. */
static inline struct dm_io_request writing(struct dm_io_client *client, void *data, io_notify_fn fn, void *context)
{
	struct dm_io_request made;

	memset(&made, 0, sizeof(made));
	made.size = sizeof(made);
	made.op_flags = DM_IO_WRITE;
	made.mem.type = DM_IO_KMEM;
	made.mem.ptr.addr = data;
	made.client = client;
	made.notify.fn = fn;
	made.notify.context = context;
	return made;
}

#endif
