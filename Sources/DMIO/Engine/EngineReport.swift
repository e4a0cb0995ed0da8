/// Which engine a client should carry out file I/O with.
public enum EngineChoice: Sendable, Hashable {
  /// io_uring where the kernel allows it, and threads for files that io_uring would hand to kernel threads.
  case auto
  /// io_uring for every file; making the client fails where the kernel refuses it.
  case uring
  /// Blocking calls on the client's own threads.
  case threads
}

/// Which engine a client has, and why.
public struct EngineReport: Sendable, Hashable {
  /// The engine.
  public enum Kind: String, Sendable, Hashable {
    /// io_uring.
    case uring
    /// Blocking calls on the client's own threads.
    case threads
  }

  /// The engine.
  public let kind: Kind
  /// Why it is this one: a sentence for people.
  public let reason: String
  /// What io_uring was refused with; nil where it was not, or not asked for.
  package var refusal: Errno?

  static func uring(_ choice: EngineChoice) -> EngineReport {
    EngineReport(kind: .uring, reason: choice == .uring ? "io_uring was asked for" : "io_uring works here")
  }

  static let threadsChosen = EngineReport(kind: .threads, reason: "threads were asked for")

  static func threads(because errno: Errno) -> EngineReport {
    let why =
      switch errno {
      case .EPERM: "not permitted (kernel.io_uring_disabled, or a container's seccomp profile)"
      case .ENOSYS: "not in this kernel, or hidden by a sandbox"
      case .ENOMEM: "no memory for its queues (see ulimit -l)"
      default: errno.message
      }
    return EngineReport(kind: .threads, reason: "io_uring: \(why)", refusal: errno)
  }
}

extension BlockClient {
  /// How this client carries out reads and writes of `device`, and why: a sentence for people.
  public func lane(of device: BlockDevice) -> EngineReport {
    guard let report = device.fileReport else {
      return EngineReport(kind: engine.kind, reason: "the device carries out its I/O itself")
    }
    guard engine.kind == .uring, !state.pointee.ringOnly, let errno = report.nowaitError else { return engine }
    if report.isInMemory {
      return EngineReport(
        kind: .threads, reason: "the device is in memory, and io_uring would use kernel threads (\(errno.name))")
    }
    return EngineReport(
      kind: .threads,
      reason: "the device cannot be asked not to wait (\(errno.name)), so io_uring would use kernel threads")
  }
}
