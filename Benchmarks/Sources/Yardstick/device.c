#define _GNU_SOURCE 1
#include "device.h"

#include "fail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

const int direct_flag = O_DIRECT;

static const uint64_t character_device_bytes = 1 << 30;

static uint64_t size_of(int fd, const char *path) {
  struct stat status;
  uint64_t bytes;
  if (fstat(fd, &status) != 0) fail_errno(path);
  if (S_ISCHR(status.st_mode)) return character_device_bytes;
  if (!S_ISBLK(status.st_mode)) return (uint64_t)status.st_size;
  if (ioctl(fd, BLKGETSIZE64, &bytes) != 0) fail_errno(path);
  return bytes;
}

struct device open_device(const struct options *options) {
  int flags = (options->is_write ? O_WRONLY : O_RDONLY) | O_CLOEXEC | (options->is_direct ? O_DIRECT : 0);
  int fd = open(options->device, flags);
  if (fd < 0) fail_errno(options->device);
  struct device device = {.fd = fd, .blocks = size_of(fd, options->device) / options->block};
  if (device.blocks == 0) fail(options->device, EFBIG);
  return device;
}
