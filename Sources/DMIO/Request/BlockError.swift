/// Why a call was refused.
///
/// Thrown means that the request never started: no device was touched and no callback will come. What
/// happened to a request that did start is in its `RegionResult`.
public enum BlockError: Error, Sendable, Hashable {
  /// The call itself is wrong; nothing a device says could make it right. EINVAL (EIO for a read of several regions).
  case invalid(Defect)
  /// The call would wait inside a callback, on the thread that has to bring what it waits for, or would change another shared
  /// client's reservation in a callback of a shared one: each might wait for the other. EDEADLK.
  case wouldDeadlock
  /// The client was closed. ESHUTDOWN.
  case closed
  /// The task was cancelled while its request still waited for the reservation. ECANCELED.
  case cancelled
  /// `Limits.waitingRequests` requests wait already. EAGAIN.
  case busy
  /// A driven client was called from a thread that does not own it. EPERM.
  case notOwner
  /// The operating system refused something; the text says what was tried, with which name.
  case system(Errno, String)

  /// The number that a C caller gets, positive.
  public var errno: Errno {
    switch self {
    case .invalid(.readOfSeveralRegions): .EIO
    case .invalid: .EINVAL
    case .wouldDeadlock: .EDEADLK
    case .closed: .ESHUTDOWN
    case .cancelled: .ECANCELED
    case .busy: .EAGAIN
    case .notOwner: .EPERM
    case .system(let errno, _): errno
    }
  }
}

/// What is wrong with a call that is refused as invalid.
public enum Defect: Sendable, Hashable {
  /// More than `Limits.regions` regions.
  case tooManyRegions
  /// A read of more than one region.
  case readOfSeveralRegions
  /// The memory ends before the longest region does.
  case memoryTooShort
  /// A run of memory whose length is no multiple of 512 bytes.
  case segmentNotSectors
  /// An offset into the first page that does not lie within it.
  case offsetOutsidePage
  /// A first sector plus a count, or its size in bytes, that does not fit into 63 bits.
  case sectorOverflow
  /// A reservation of no page, or of more than `Limits.reservedPages`.
  case reservation
}

extension BlockError: CustomStringConvertible {
  /// One sentence that says what is wrong and, where there is one, the remedy.
  public var description: String {
    switch self {
    case .invalid(let defect): defect.description
    case .wouldDeadlock: "this call would wait for I/O inside a completion callback; submit with a callback instead"
    case .closed: "the client is closed"
    case .cancelled: "the task was cancelled before the request started"
    case .busy: "\(Limits.waitingRequests) requests wait already; let some complete first"
    case .notOwner: "a driven client can be used only on the thread that owns it; use a shared client"
    case .system(let errno, let what): "\(what): \(errno.message)"
    }
  }
}

extension Defect: CustomStringConvertible {
  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .tooManyRegions: "a request has at most \(Limits.regions) regions"
    case .readOfSeveralRegions: "a read takes one region"
    case .memoryTooShort: "the memory is shorter than the longest region"
    case .segmentNotSectors: "every run of memory must be a multiple of \(Limits.sectorBytes) bytes"
    case .offsetOutsidePage: "the offset must lie within the first page"
    case .sectorOverflow: "first sector plus count does not fit into 63 bits of bytes"
    case .reservation: "a client reserves between 1 and \(Limits.reservedPages) pages"
    }
  }
}
