internal import DMIO

/// Finds the bad blocks in a range that failed, by halves, one request at a time.
///
/// Everything is called on the thread of the client. `whenDone` is called once.
final class Narrowing {
  /// Tries a range and calls back with its errno, nil for success.
  typealias Attempt = (Range<UInt64>, @escaping (Errno?) -> Void) -> Void

  private let attempt: Attempt
  /// Told of each block that is bad, or each range that is not worth trying.
  private let bad: (Range<UInt64>, Errno) -> Void
  /// Told of each range that is good after all.
  private let good: (Range<UInt64>) -> Void
  /// Told of each range that is not tried by itself any more: some of it failed, and nobody knows which.
  private let left: (Range<UInt64>) -> Void
  private let whenDone: () -> Void
  private let rules: Rules
  /// What is left to try, the next last.
  private var rest: [Range<UInt64>] = []
  /// How often the block that is tried has failed by itself.
  private var failures = 0

  /// How far to go.
  struct Rules {
    /// Sectors below which nothing is divided.
    let block: UInt64
    /// How often a block is tried again.
    let retries: Int
    /// True when nothing more is to be tried.
    let isOver: () -> Bool
  }

  init(
    _ rules: Rules, attempt: @escaping Attempt, bad: @escaping (Range<UInt64>, Errno) -> Void,
    good: @escaping (Range<UInt64>) -> Void, left: @escaping (Range<UInt64>) -> Void, whenDone: @escaping () -> Void
  ) {
    self.rules = rules
    self.attempt = attempt
    self.bad = bad
    self.good = good
    self.left = left
    self.whenDone = whenDone
  }

  /// Begins with a range that failed with `errno`.
  func start(_ range: Range<UInt64>, _ errno: Errno) {
    failed(range, errno)
    next()
  }

  private func next() {
    if rules.isOver() {
      rest.reversed().forEach(left)
      rest = []
    }
    guard let range = rest.popLast() else { return whenDone() }
    attempt(range) { [self] errno in
      if let errno {
        failed(range, errno)
      } else {
        failures = 0
        good(range)
      }
      next()
    }
  }

  /// Halves what failed; the first half is a whole number of blocks, so that no block is ever cut.
  private func failed(_ range: Range<UInt64>, _ errno: Errno) {
    let blocks = (UInt64(range.count) + rules.block - 1) / rules.block
    if errno.concernsWholeDevice { return bad(range, errno) }
    if blocks <= 1 {
      failures += 1
      if failures <= rules.retries { return rest.append(range) }
      failures = 0
      return bad(range, errno)
    }
    let middle = range.lowerBound + (blocks + 1) / 2 * rules.block
    rest.append(middle..<range.upperBound)
    rest.append(range.lowerBound..<middle)
  }
}

extension Errno {
  /// The device is gone, hangs, or never could: its parts will say nothing else.
  var concernsWholeDevice: Bool {
    switch self {
    case .EBADF, .EOPNOTSUPP, .EROFS, .ETIMEDOUT: true
    default: saysGone
    }
  }

  /// What a device said that was not there, or did not answer: it may be there again.
  package var mayPass: Bool { saysGone || self == .ETIMEDOUT }

  /// The device is not there any more.
  package var saysGone: Bool {
    switch self {
    case .ENODEV, .ENXIO, .ENOMEDIUM, .ESHUTDOWN: true
    default: false
    }
  }
}
