#define _GNU_SOURCE 1
#include "dmio_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

/* A call again for as long as a signal cut it off before it did anything. */
#define UNINTERRUPTED(call)                                                                            \
	({                                                                                              \
		int64_t result_;                                                                        \
		do                                                                                      \
			result_ = (call);                                                               \
		while (result_ < 0 && errno == EINTR);                                                  \
		result_ < 0 ? -(int64_t)errno : result_;                                                \
	})

#ifndef STATX_DIOALIGN
#define STATX_DIOALIGN 0x00002000U
#endif
/* The two fields that kernel 6.1 put behind stx_mnt_id; older headers have them as spare. */
#define DIO_MEM_ALIGN_OFFSET 0x98
#define DIO_OFFSET_ALIGN_OFFSET 0x9c

int dmio_file_open(const char *path, unsigned flags)
{
	int how = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (flags & DMIO_OPEN_WRITE ? O_RDWR : O_RDONLY);
	int fd;

	if (flags & DMIO_OPEN_DIRECT)
		how |= O_DIRECT;
	if (flags & DMIO_OPEN_EXCLUSIVE)
		how |= O_EXCL;
	/* O_NONBLOCK so that the open of a FIFO without a peer returns; then it is taken off again. */
	fd = (int)UNINTERRUPTED(open(path, how));
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

static bool direct_read_works(int fd, size_t block)
{
	void *memory;
	bool works;
	size_t alignment = block == 512 ? 512 : 4096;

	/* Aligned to `block` and no more, so that a device that wants more says so. */
	if (posix_memalign(&memory, 8192, 8192 + 4096))
		return false;
	/* A block that cannot be read is no matter of alignment. */
	works = UNINTERRUPTED(pread(fd, (char *)memory + alignment, block, (off_t)block)) != -EINVAL;
	free(memory);
	return works;
}

static int probe_direct(int fd, struct dmio_file *file)
{
	struct statx stx;
	uint32_t memory = 0, offset = 0;
	int sector = 0;

	if (file->is_block && ioctl(fd, BLKSSZGET, &sector) == 0 && sector >= 512)
		file->logical_block = (uint32_t)sector;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 && stx.stx_mask & STATX_DIOALIGN) {
		memcpy(&memory, (char *)&stx + DIO_MEM_ALIGN_OFFSET, sizeof(memory));
		memcpy(&offset, (char *)&stx + DIO_OFFSET_ALIGN_OFFSET, sizeof(offset));
		if (offset == 0)
			return -EINVAL;
		file->is_alignment_told = true;
		file->memory_alignment = memory;
		if (offset > file->logical_block)
			file->logical_block = offset;
		return 0;
	}
	/* No answer (tmpfs, kernels before 6.1): try. */
	if (file->logical_block == 512 && direct_read_works(fd, 512))
		file->memory_alignment = 512;
	else if (direct_read_works(fd, 4096))
		file->memory_alignment = 4096;
	else
		return -EINVAL;
	if (file->memory_alignment > file->logical_block)
		file->logical_block = file->memory_alignment;
	return 0;
}

static int probe_nowait(int fd, uint32_t block)
{
	struct iovec vector;
	void *memory;
	ssize_t rc;

	if (posix_memalign(&memory, 4096, block < 4096 ? 4096 : block))
		return ENOMEM;
	vector.iov_base = memory;
	vector.iov_len = block;
	rc = UNINTERRUPTED(preadv2(fd, &vector, 1, 0, RWF_NOWAIT));
	free(memory);
	/* Anything else (EAGAIN: not there at once; EIO: a bad first block) is an answer of a file that can be asked. */
	return rc == -EOPNOTSUPP || rc == -EINVAL || rc == -ENOSYS ? (int)-rc : 0;
}

/* Opens an attribute of a block device, or of the disk that it is a part of. */
static FILE *open_attribute(uint64_t special, const char *attribute)
{
	static const char *const places[] = { "/sys/dev/block/%u:%u/%s", "/sys/dev/block/%u:%u/../%s" };
	FILE *file = NULL;

	for (int i = 0; i < 2 && !file; i++) {
		char path[256];

		snprintf(path, sizeof(path), places[i], major(special), minor(special), attribute);
		file = fopen(path, "re");
	}
	return file;
}

/* zram compresses into memory, unless it writes what is idle back to a disk. */
static bool is_zram_in_memory(uint64_t special)
{
	char backing[5] = "none";
	FILE *file = open_attribute(special, "mm_stat");

	if (!file)
		return false;
	fclose(file);
	file = open_attribute(special, "backing_dev");
	if (file && !fgets(backing, sizeof(backing), file))
		backing[0] = 0;
	if (file)
		fclose(file);
	return strcmp(backing, "none") == 0;
}

/* Only what certainly is: of a network or a disk that is fast, a transfer may wait all the same. A block device counts past
 * the page cache only, where a write can be made to wait for the dirty pages of other disks. */
static bool is_in_memory(int fd, const struct dmio_file *file)
{
	enum { NULL_MINOR = 3, ZERO_MINOR = 5 };
	struct statfs system;

	if (file->is_character)
		return major(file->special) == MEM_MAJOR &&
		       (minor(file->special) == NULL_MINOR || minor(file->special) == ZERO_MINOR);
	if (file->is_block)
		return file->is_direct && (major(file->special) == RAMDISK_MAJOR || is_zram_in_memory(file->special));
	return file->is_regular && fstatfs(fd, &system) == 0 &&
	       (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

int dmio_file_probe(int fd, struct dmio_file *file)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);
	int rc = 0;

	memset(file, 0, sizeof(*file));
	if (flags < 0 || fstat(fd, &st) < 0)
		return -errno;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->special = st.st_rdev;
	file->is_block = S_ISBLK(st.st_mode);
	file->is_character = S_ISCHR(st.st_mode);
	file->is_directory = S_ISDIR(st.st_mode);
	file->is_regular = S_ISREG(st.st_mode);
	file->is_direct = flags & O_DIRECT;
	file->is_writable = (flags & O_ACCMODE) != O_RDONLY;
	file->logical_block = 512;
	file->memory_alignment = 1;
	if (file->is_regular)
		file->bytes = (uint64_t)st.st_size;
	else if (file->is_block && ioctl(fd, BLKGETSIZE64, &file->bytes) < 0)
		return -errno;
	if (file->is_direct && (file->is_block || file->is_regular))
		rc = probe_direct(fd, file);
	file->is_in_memory = is_in_memory(fd, file);
	if (rc == 0 && (flags & O_ACCMODE) != O_WRONLY)
		file->nowait = probe_nowait(fd, file->logical_block);
	return rc;
}

int dmio_file_release(int fd)
{
	int placeholder = open("/", O_PATH | O_CLOEXEC);
	int rc = 0;

	if (placeholder < 0)
		return -errno;
	if (dup3(placeholder, fd, O_CLOEXEC) < 0)
		rc = -errno;
	close(placeholder);
	return rc;
}

void dmio_file_close(int fd)
{
	/* Not close: who submits may let go of a file, and is not to be cancelled there. */
	syscall(SYS_close, fd);
}

#if !defined(__x86_64__) && !defined(__aarch64__)
int64_t dmio_call(long number, long a, long b, long c, long d)
{
	long rc = syscall(number, a, b, c, d);

	return rc >= 0 ? rc : -errno;
}
#endif

int64_t dmio_file_read_again(int fd, void *base, size_t length, uint64_t offset, int64_t rc)
{
	while (rc == -EINTR)
		rc = dmio_call(SYS_pread64, fd, (long)base, (long)length, (long)offset);
	return rc;
}

int64_t dmio_file_write_again(int fd, const void *base, size_t length, uint64_t offset, int64_t rc)
{
	while (rc == -EINTR)
		rc = dmio_call(SYS_pwrite64, fd, (long)base, (long)length, (long)offset);
	return rc;
}

int64_t dmio_file_read_cached(int fd, void *base, size_t length, uint64_t offset)
{
	struct iovec vector = { base, length };

	return UNINTERRUPTED(preadv2(fd, &vector, 1, (off_t)offset, RWF_NOWAIT));
}

int64_t dmio_file_read(int fd, const struct dmio_vector *vectors, int count, uint64_t offset, int flags)
{
	if (count == 1 && flags == 0)
		return dmio_file_read_whole(fd, vectors->base, vectors->length, offset);
	return UNINTERRUPTED(preadv2(fd, (const struct iovec *)vectors, count, (off_t)offset, flags));
}

int64_t dmio_file_write(int fd, const struct dmio_vector *vectors, int count, uint64_t offset, int flags)
{
	if (count == 1 && flags == 0)
		return dmio_file_write_whole(fd, vectors->base, vectors->length, offset);
	return UNINTERRUPTED(pwritev2(fd, (const struct iovec *)vectors, count, (off_t)offset, flags));
}

int64_t dmio_file_flush(int fd)
{
	return UNINTERRUPTED(fdatasync(fd));
}

int64_t dmio_file_discard(int fd, bool is_block, uint64_t offset, uint64_t bytes)
{
	uint64_t range[2] = { offset, bytes };

	if (is_block)
		return UNINTERRUPTED(ioctl(fd, BLKDISCARD, range));
	return UNINTERRUPTED(
		fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes));
}

int64_t dmio_file_write_zeroes(int fd, bool is_block, uint64_t offset, uint64_t bytes)
{
	uint64_t range[2] = { offset, bytes };

	if (is_block)
		return UNINTERRUPTED(ioctl(fd, BLKZEROOUT, range));
	return UNINTERRUPTED(fallocate(fd, FALLOC_FL_ZERO_RANGE, (off_t)offset, (off_t)bytes));
}

uint64_t dmio_block_limit(uint64_t special, const char *queue_file)
{
	unsigned long long limit = 0;
	char attribute[64];
	FILE *file;

	snprintf(attribute, sizeof(attribute), "queue/%s", queue_file);
	file = open_attribute(special, attribute);
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &limit) != 1)
		limit = 0;
	fclose(file);
	return limit;
}
