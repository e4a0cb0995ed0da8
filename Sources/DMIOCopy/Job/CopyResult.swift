public import DMIO

/// What became of a copy.
public struct CopyResult: Sendable, Hashable {
  /// Something of the source could not be read.
  public let readFailed: Bool
  /// The targets of which a write failed, one bit each, in the order of the call. What was never tried, as the source failed or
  /// the copy was cancelled, stands in `unwritten` alone.
  public let writeErrors: RegionErrors
  /// Sectors of the source that could not be read, with the error of each.
  public let unreadable: [Extent]
  /// For each target the sectors that do not hold the source's bytes; an errno of nil: never tried.
  public let unwritten: [[Extent]]
  /// It was cancelled before its end.
  public let isCancelled: Bool

  /// Nothing went wrong.
  public var isSuccess: Bool { !readFailed && writeErrors.isEmpty && !isCancelled }

  /// The first error of the source; nil while there is none.
  public var readErrno: Errno? { unreadable.first?.errno }

  /// The first error of a target; nil while there is none.
  public func writeErrno(of target: Int) -> Errno? { unwritten[target].lazy.compactMap(\.errno).first }

  init(_ run: CopyRun, isCancelled: Bool) {
    unreadable = run.source.holes.list
    readFailed = !unreadable.isEmpty
    unwritten = run.targets.map(\.failed)
    var bits: RegionErrors = []
    for (index, target) in run.targets.enumerated() where !target.failures.isEmpty { bits.insert(.region(index)) }
    writeErrors = bits
    self.isCancelled = isCancelled
  }
}

/// How a copy is carried out.
public struct CopyOptions: OptionSet, Sendable, Hashable {
  /// The options, one bit each.
  public let rawValue: UInt8

  /// A set of options.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Errors do not end the copy: what cannot be read is zeros on the targets, what cannot be written is left out.
  ///
  /// Without it nothing new is begun after an error. The kernel's DM_KCOPYD_IGNORE_ERROR.
  public static let ignoreErrors = CopyOptions(rawValue: 1)
  /// Writes are in the order of their sectors, one after the other, and nothing is written behind a failure.
  ///
  /// For zoned devices; it overrides `ignoreErrors`. A write that fails is not tried by parts: all of it counts as unwritten. The
  /// kernel's DM_KCOPYD_WRITE_SEQ.
  public static let sequentialWrites = CopyOptions(rawValue: 2)
}
