internal import DMIO
internal import Glibc

/// An open file that is closed with its last holder.
final class Descriptor: Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  deinit { _ = Glibc.close(number) }

  /// Opens `path`, given as the bytes that the kernel takes.
  static func open(_ path: [UInt8], _ flags: Int32, mode: mode_t = 0o666) throws(Errno) -> Descriptor {
    let path = path.map { CChar(bitPattern: $0) } + [0]
    while true {
      let number = unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, mode)
      if number >= 0 { return Descriptor(number) }
      if Glibc.errno != EINTR { throw Errno(rawValue: Glibc.errno) }
    }
  }

  /// A second number for the same open file, for a device that is going to own it.
  func duplicate() throws(Errno) -> Int32 {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
    if copy < 0 { throw Errno(rawValue: Glibc.errno) }
    return copy
  }

  func status() throws(Errno) -> FileStatus {
    var info = stat()
    guard unsafe fstat(number, &info) == 0 else { throw Errno(rawValue: Glibc.errno) }
    return FileStatus(info)
  }

  func cut(to bytes: UInt64) throws(Errno) {
    while ftruncate(number, off_t(clamping: bytes)) != 0 {
      if Glibc.errno != EINTR { throw Errno(rawValue: Glibc.errno) }
    }
  }

  /// The file's first bytes, `count` of them or up to its end.
  func read(atMost count: Int) throws(Errno) -> [UInt8] {
    // Most files are much shorter than they may be, and memory that is never touched costs nothing.
    return try unsafe [UInt8](unsafeUninitializedCapacity: count) { (space, filled) throws(Errno) in
      while filled < count {
        let got = unsafe Glibc.read(number, space.baseAddress.map { unsafe $0 + filled }, count - filled)
        if got == 0 { break }
        if got > 0 { filled += got } else if Glibc.errno != EINTR { throw Errno(rawValue: Glibc.errno) }
      }
    }
  }

  /// Writes all of `bytes` at the file's position.
  func write(_ bytes: [UInt8]) throws(Errno) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) }
      if count > 0 { rest = rest.dropFirst(count) } else if Glibc.errno != EINTR { throw Errno(rawValue: Glibc.errno) }
    }
  }

  func sync() throws(Errno) {
    if fsync(number) != 0 { throw Errno(rawValue: Glibc.errno) }
  }
}

/// What stat(2) says, as far as it matters here.
struct FileStatus: Hashable {
  enum Kind { case regular, block, directory, character, other }
  let kind: Kind
  let device: UInt64
  let inode: UInt64
  /// The number of the device that a special file stands for.
  let special: UInt64
  let bytes: UInt64
  /// Bytes of its blocks. Less than `bytes` where it has gaps, unless they have blocks nonetheless, and where it is compressed.
  let occupied: UInt64
  /// How many names it has.
  let names: UInt64

  init(_ info: stat) {
    kind =
      switch info.st_mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFBLK: .block
      case S_IFDIR: .directory
      case S_IFCHR: .character
      default: .other
      }
    device = UInt64(info.st_dev)
    inode = UInt64(info.st_ino)
    special = UInt64(info.st_rdev)
    bytes = UInt64(max(0, info.st_size))
    occupied = UInt64(max(0, info.st_blocks)) * 512
    names = UInt64(info.st_nlink)
  }

  /// True for files of procfs and sysfs: regular by name, but written to memory or to a setting.
  var isOfTheKernel: Bool {
    ["/proc", "/sys"].contains { folder in
      let status = (try? FileStatus.of(Array(folder.utf8))) ?? nil
      return status?.device == device
    }
  }

  /// The file behind `path`; nil when there is none.
  static func of(_ path: [UInt8], followLinks: Bool = true) throws(Errno) -> FileStatus? {
    var info = stat()
    let path = path.map { CChar(bitPattern: $0) } + [0]
    let rc = unsafe fstatat(AT_FDCWD, path, &info, followLinks ? 0 : AT_SYMLINK_NOFOLLOW)
    if rc == 0 { return FileStatus(info) }
    if Glibc.errno == ENOENT { return nil }
    throw Errno(rawValue: Glibc.errno)
  }
}

/// Flags of open(2) that the C library shows to GNU programs only.
enum OpenFlags {
  #if arch(arm64) || arch(arm)
    static let direct: Int32 = 0o200000
  #else
    static let direct: Int32 = 0o40000
  #endif
  /// O_TMPFILE.
  static let unnamed: Int32 = 0o20000000 | O_DIRECTORY
}
