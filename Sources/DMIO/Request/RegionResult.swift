/// What happened to the regions of one request that ran.
///
/// The kernel's service gives back the bits alone; this value keeps what it loses, the first error and
/// the first failed sector of each region that failed.
public struct RegionResult: Sendable, Hashable {
  /// The regions that failed: the error bits of `dm-io.txt`.
  public let errors: RegionErrors
  /// One entry a region up to the last that failed; nil when none did, so that success allocates and counts nothing.
  let failures: [RegionFailure]?

  /// The result of a request all of whose regions succeeded.
  public static var success: RegionResult { RegionResult(errors: [], failures: nil) }

  /// The result of a request whose only region failed.
  static func failure(_ failure: RegionFailure) -> RegionResult {
    RegionResult(errors: .region(0), failures: [failure])
  }

  /// True when no region failed.
  public var isSuccess: Bool { errors.isEmpty }

  /// Why and where region `index` failed first; nil for a region that succeeded.
  public func failure(of index: Int) -> RegionFailure? {
    guard let failures, index >= 0, index < failures.count, failures[index].errno.rawValue != 0 else { return nil }
    return failures[index]
  }
}

/// The first error of one region and the first sector it concerns.
///
/// "First" is the lowest sector of those that failed, with the error of the piece that holds it.
public struct RegionFailure: Sendable, Hashable {
  /// The error; 0 in the entry of a region that did not fail.
  public var errno: Errno
  /// The first failed sector, counted from the start of the device.
  public var sector: UInt64

  /// A failure of `sector` with `errno`.
  public init(errno: Errno, sector: UInt64) {
    self.errno = errno
    self.sector = sector
  }
}
