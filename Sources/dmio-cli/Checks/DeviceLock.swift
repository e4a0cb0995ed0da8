internal import DMIO
internal import Glibc

/// Keeps runs of the tool apart: one that writes has a device alone, those that read share it, by flock(2).
///
/// A lock lasts as long as the process. It belongs to the process and not to a descriptor: an operand may be opened twice, and two
/// operands may be regions of one file, so there is one lock for each file or block device.
enum DeviceLock {
  /// Why a device that another run has is refused.
  static let reason = "is in use by another dmio, or by a program that locked it; wait for it to end"

  /// Others may hold a lock for a moment, as udev does while it looks at a disk, or a run that was killed until the kernel has
  /// taken it down: so it is tried for a second.
  static let tries = (count: 50, microseconds: UInt32(20_000))

  /// What came of asking for a lock.
  enum Outcome {
    /// It is ours, or the file system has no locks.
    case free
    case taken
    /// A signal came first.
    case interrupted
  }

  private struct Held {
    let file: Descriptor
    var isAlone: Bool
  }

  /// What this process has locked.
  private static let held = Locked<[Whereabouts.Base: Held]>([:])

  /// Locks a device that is going to be written; refuses one that another run reads or writes.
  static func own(_ opened: OpenDevice) throws(Refusal) {
    try lock(opened, isAlone: true)
    try refuseChanged(opened)
  }

  /// Locks a device that is going to be read; refuses one that another run writes.
  static func share(_ opened: OpenDevice) throws(Refusal) {
    try lock(opened, isAlone: false)
    try refuseChanged(opened)
  }

  /// What was read off a file before it was locked may have been changed by a run that has just ended.
  private static func refuseChanged(_ opened: OpenDevice) throws(Refusal) {
    guard opened.isRegularFile, let now = try? opened.file?.status().bytes, now != opened.innermost.geometry.bytes
    else { return }
    throw Refusal("\(opened.name): another program has just changed its size; try again when that has ended")
  }

  /// True if somebody has locked what stands at a path.
  static func isTaken(_ path: [UInt8]) -> Bool {
    guard let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK) else { return false }
    return flock(file.number, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  private static func lock(_ opened: OpenDevice, isAlone: Bool) throws(Refusal) {
    guard let file = opened.file, let status = try? file.status(), let base = base(of: status) else { return }
    let outcome = held.withLock { held -> Outcome in
      if let known = held[base], known.isAlone || !isAlone { return .free }
      let lock = held[base]?.file ?? again(file, status, isAlone: isAlone)
      held[base] = Held(file: lock, isAlone: isAlone)
      return persist { attempt(lock, isAlone: isAlone) }
    }
    switch outcome {
    case .free: return
    case .taken: throw Refusal("\(opened.name): \(reason)")
    case .interrupted: throw interrupted
    }
  }

  /// What is said when a signal comes while a lock is waited for.
  static var interrupted: Refusal { Refusal("interrupted before anything was written", exit: .interrupted) }

  /// Asks once for a lock, and gives 0 or an errno.
  static func attempt(_ file: Descriptor, isAlone: Bool) -> Int32 {
    flock(file.number, (isAlone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 ? 0 : errno
  }

  /// The time between two tries.
  static func pause() { usleep(tries.microseconds) }

  /// Asks for a lock, again and again for a while; a file system without locks is no reason to refuse.
  ///
  /// - Parameter attempt: Asks once, and gives 0 or an errno.
  static func persist(_ attempt: () -> Int32, pause: () -> Void = pause) -> Outcome {
    for index in 0..<tries.count {
      if index > 0 { pause() }
      let errno = attempt()
      if errno != EWOULDBLOCK, errno != EINTR { return .free }
      if Interrupts.areWanted { return .interrupted }
    }
    return .taken
  }

  /// The file once more, as an open file that is this process's alone: a ring that is being taken down may keep the other one
  /// open for a moment longer than the process lives.
  private static func again(_ file: Descriptor, _ status: FileStatus, isAlone: Bool) -> Descriptor {
    // NFS wants a file open for writing for such a lock; a block device that was open for writing is looked at by udev.
    let flags = isAlone && status.kind == .regular ? O_RDWR : O_RDONLY
    return (try? Descriptor.open(Array("/proc/self/fd/\(file.number)".utf8), flags | O_NONBLOCK)) ?? file
  }

  /// What a file or block device is told apart by; nil for all else.
  static func base(of status: FileStatus) -> Whereabouts.Base? {
    switch status.kind {
    case .regular: .file(device: status.device, inode: status.inode)
    case .block: .block(status.special)
    default: nil
    }
  }
}
