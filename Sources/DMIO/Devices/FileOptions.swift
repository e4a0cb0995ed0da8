internal import CDMIOSystem

/// How a file or block device is opened.
public struct FileOptions: Sendable, Hashable {
  /// What may be done with it.
  public enum Access: Sendable, Hashable {
    /// Reads and flushes.
    case readOnly
    /// Everything.
    case readWrite
  }

  /// What the size of a file means.
  public enum Size: Sendable, Hashable {
    /// The size at open counts; a last part that is no whole block is not reached.
    case fixed
    /// The size at open counts; the last block is filled up with zeros on reading. For the source of a copy.
    case padded
    /// Writes may extend the file; what was never written reads as zeros. For the target of a copy.
    case growing
  }

  /// What may be done with it.
  public var access: Access
  /// True for O_DIRECT; opening fails where that cannot be had. The library chooses nothing by itself.
  public var isDirect: Bool
  /// True for O_EXCL: opening a block device fails with EBUSY while it is mounted or otherwise in use.
  public var isExclusive: Bool
  /// What the size of a file means.
  public var size: Size
  /// The size to pretend for a character device such as `/dev/null`, which has none; nil refuses them.
  public var characterBytes: UInt64?

  /// Options; the defaults open for reading and writing, through the page cache.
  public init(
    access: Access = .readWrite, isDirect: Bool = false, isExclusive: Bool = false, size: Size = .fixed,
    characterBytes: UInt64? = nil
  ) {
    self.access = access
    self.isDirect = isDirect
    self.isExclusive = isExclusive
    self.size = size
    self.characterBytes = characterBytes
  }
}

/// What opening a file found out about it.
public struct FileReport: Sendable, Hashable {
  /// True for a block device, false for a regular file or a character device.
  public let isBlockDevice: Bool
  /// True when it was opened with O_DIRECT.
  public let isDirect: Bool
  /// The file system's device and inode: two names with the same pair are the same file.
  public let identity: Identity
  /// The device that a special file stands for.
  public let special: UInt64
  /// What a read that must not wait answered; nil when that works and io_uring needs no kernel threads.
  public let nowaitError: Errno?
  /// True when its bytes are in this machine's memory, so that no transfer waits for a device: tmpfs, `/dev/null`, and with
  /// O_DIRECT zram and RAM disks.
  public let isInMemory: Bool
  /// True when the kernel told what O_DIRECT has to be aligned to (statx); else that was found by trying.
  package let isAlignmentTold: Bool

  /// The file system's device and inode.
  public struct Identity: Sendable, Hashable {
    /// `st_dev`.
    public let device: UInt64
    /// `st_ino`.
    public let inode: UInt64
  }

  init(_ file: dmio_file) {
    isBlockDevice = file.is_block
    isDirect = file.is_direct
    identity = Identity(device: file.device, inode: file.inode)
    special = file.special
    isInMemory = file.is_in_memory
    isAlignmentTold = file.is_alignment_told
    nowaitError = file.nowait == 0 ? nil : Errno(rawValue: file.nowait)
  }
}

extension BlockDevice {
  /// Opens a file or block device that exists.
  ///
  /// `path` is what `open(2)` takes; bytes that are not UTF-8 can be given with `open(bytes:)`. Throws `.system` with
  /// the errno and the path: EINVAL where O_DIRECT cannot be had, EBUSY for an exclusive device in use, ENOTBLK for
  /// what is neither file nor block device.
  public static func open(_ path: String, _ options: FileOptions = FileOptions()) throws(BlockError) -> BlockDevice {
    try open(bytes: Array(path.utf8), name: path, options)
  }

  /// Opens a file or block device by the bytes of its path; `name` is what messages call it.
  public static func open(
    bytes path: [UInt8], name: String, _ options: FileOptions = FileOptions()
  ) throws(BlockError) -> BlockDevice {
    guard !path.contains(0) else { throw .system(.ENOENT, name) }
    var flags = UInt32(options.access == .readWrite ? DMIO_OPEN_WRITE : 0)
    if options.isDirect { flags |= UInt32(DMIO_OPEN_DIRECT) }
    if options.isExclusive { flags |= UInt32(DMIO_OPEN_EXCLUSIVE) }
    let terminated = path.map { CChar(bitPattern: $0) } + [0]
    let descriptor = unsafe dmio_file_open(terminated, flags)
    guard descriptor >= 0 else { throw .system(Errno(rawValue: -descriptor), name) }
    return try adopt(fileDescriptor: descriptor, name: name, options)
  }

  /// Makes a device of an open descriptor, which it owns from then on, also when this throws.
  ///
  /// Access and O_DIRECT are those of the descriptor; of `options` the size counts.
  public static func adopt(
    fileDescriptor: Int32, name: String, _ options: FileOptions = FileOptions()
  ) throws(BlockError) -> BlockDevice {
    try BlockDevice(FileBackend(adopting: fileDescriptor, name: name, options), name: name)
  }

  /// What opening found out, if the device is a file or block device.
  public var fileReport: FileReport? { file?.report }
}
