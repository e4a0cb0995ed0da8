internal import Glibc

/// An error number of the operating system, with its name and its sentence.
public struct Errno: RawRepresentable, Error, Sendable, Hashable {
  /// The number, positive; 0 stands for "no error" where a table has room for every region.
  public let rawValue: Int32
  /// The error with the number `rawValue`.
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Operation not permitted.
  public static let EPERM = Errno(rawValue: 1)
  /// No such file or directory.
  public static let ENOENT = Errno(rawValue: 2)
  /// Interrupted system call.
  public static let EINTR = Errno(rawValue: 4)
  /// Input/output error.
  public static let EIO = Errno(rawValue: 5)
  /// No such device or address.
  public static let ENXIO = Errno(rawValue: 6)
  /// Argument list too long.
  public static let E2BIG = Errno(rawValue: 7)
  /// Bad file descriptor.
  public static let EBADF = Errno(rawValue: 9)
  /// Resource temporarily unavailable.
  public static let EAGAIN = Errno(rawValue: 11)
  /// Cannot allocate memory.
  public static let ENOMEM = Errno(rawValue: 12)
  /// Permission denied.
  public static let EACCES = Errno(rawValue: 13)
  /// Bad address.
  public static let EFAULT = Errno(rawValue: 14)
  /// Block device required.
  public static let ENOTBLK = Errno(rawValue: 15)
  /// Device or resource busy.
  public static let EBUSY = Errno(rawValue: 16)
  /// File exists.
  public static let EEXIST = Errno(rawValue: 17)
  /// Invalid cross-device link.
  public static let EXDEV = Errno(rawValue: 18)
  /// No such device.
  public static let ENODEV = Errno(rawValue: 19)
  /// Not a directory.
  public static let ENOTDIR = Errno(rawValue: 20)
  /// Is a directory.
  public static let EISDIR = Errno(rawValue: 21)
  /// Invalid argument.
  public static let EINVAL = Errno(rawValue: 22)
  /// Too many open files in system.
  public static let ENFILE = Errno(rawValue: 23)
  /// Too many open files.
  public static let EMFILE = Errno(rawValue: 24)
  /// Inappropriate ioctl for device.
  public static let ENOTTY = Errno(rawValue: 25)
  /// Text file busy.
  public static let ETXTBSY = Errno(rawValue: 26)
  /// File too large.
  public static let EFBIG = Errno(rawValue: 27)
  /// No space left on device.
  public static let ENOSPC = Errno(rawValue: 28)
  /// Illegal seek.
  public static let ESPIPE = Errno(rawValue: 29)
  /// Read-only file system.
  public static let EROFS = Errno(rawValue: 30)
  /// Too many links.
  public static let EMLINK = Errno(rawValue: 31)
  /// Broken pipe.
  public static let EPIPE = Errno(rawValue: 32)
  /// Numerical result out of range.
  public static let ERANGE = Errno(rawValue: 34)
  /// Resource deadlock avoided.
  public static let EDEADLK = Errno(rawValue: 35)
  /// File name too long.
  public static let ENAMETOOLONG = Errno(rawValue: 36)
  /// Function not implemented.
  public static let ENOSYS = Errno(rawValue: 38)
  /// Too many levels of symbolic links.
  public static let ELOOP = Errno(rawValue: 40)
  /// No data available.
  public static let ENODATA = Errno(rawValue: 61)
  /// Timer expired.
  public static let ETIME = Errno(rawValue: 62)
  /// Link has been severed.
  public static let ENOLINK = Errno(rawValue: 67)
  /// Protocol error.
  public static let EPROTO = Errno(rawValue: 71)
  /// Bad message.
  public static let EBADMSG = Errno(rawValue: 74)
  /// Value too large for defined data type.
  public static let EOVERFLOW = Errno(rawValue: 75)
  /// Invalid or incomplete multibyte or wide character.
  public static let EILSEQ = Errno(rawValue: 84)
  /// Operation not supported.
  public static let EOPNOTSUPP = Errno(rawValue: 95)
  /// Cannot send after transport endpoint shutdown.
  public static let ESHUTDOWN = Errno(rawValue: 108)
  /// Connection timed out.
  public static let ETIMEDOUT = Errno(rawValue: 110)
  /// Connection reset by peer.
  public static let ECONNRESET = Errno(rawValue: 104)
  /// Transport endpoint is not connected.
  public static let ENOTCONN = Errno(rawValue: 107)
  /// Operation already in progress.
  public static let EALREADY = Errno(rawValue: 114)
  /// Stale file handle.
  public static let ESTALE = Errno(rawValue: 116)
  /// Remote I/O error.
  public static let EREMOTEIO = Errno(rawValue: 121)
  /// Disk quota exceeded.
  public static let EDQUOT = Errno(rawValue: 122)
  /// No medium found.
  public static let ENOMEDIUM = Errno(rawValue: 123)
  /// Wrong medium type.
  public static let EMEDIUMTYPE = Errno(rawValue: 124)
  /// Operation canceled.
  public static let ECANCELED = Errno(rawValue: 125)
  /// Key was rejected by service.
  public static let EKEYREJECTED = Errno(rawValue: 129)

  /// The name, as `errno.h` spells it ("ENOSPC"); `errno N` for a number without one here.
  public var name: String { Errno.names[rawValue] ?? "errno \(rawValue)" }

  /// The error named `name` ("EIO"); nil when there is none of that name here.
  public init?(name: String) {
    guard let number = Errno.names.first(where: { $0.value == name })?.key else { return nil }
    self.init(rawValue: number)
  }

  /// The operating system's sentence ("No space left on device").
  public var message: String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      guard let start = buffer.baseAddress, unsafe strerror_r(rawValue, start, 256) == 0 else {
        return name
      }
      return unsafe String(cString: start)
    }
  }

  private static let names: [Int32: String] = [
    1: "EPERM", 2: "ENOENT", 4: "EINTR", 5: "EIO", 6: "ENXIO", 7: "E2BIG", 9: "EBADF",
    11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 14: "EFAULT", 15: "ENOTBLK", 16: "EBUSY",
    17: "EEXIST", 18: "EXDEV", 19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL",
    23: "ENFILE", 24: "EMFILE", 25: "ENOTTY", 26: "ETXTBSY", 27: "EFBIG", 28: "ENOSPC",
    29: "ESPIPE", 30: "EROFS", 31: "EMLINK", 32: "EPIPE", 34: "ERANGE", 35: "EDEADLK",
    36: "ENAMETOOLONG", 38: "ENOSYS", 40: "ELOOP", 61: "ENODATA", 62: "ETIME", 67: "ENOLINK",
    71: "EPROTO", 74: "EBADMSG", 75: "EOVERFLOW", 84: "EILSEQ", 95: "EOPNOTSUPP", 108: "ESHUTDOWN",
    110: "ETIMEDOUT", 104: "ECONNRESET", 107: "ENOTCONN", 114: "EALREADY", 116: "ESTALE",
    121: "EREMOTEIO", 122: "EDQUOT", 123: "ENOMEDIUM", 124: "EMEDIUMTYPE", 125: "ECANCELED",
    129: "EKEYREJECTED",
  ]
}

extension Errno: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
