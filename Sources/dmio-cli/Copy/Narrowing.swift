internal import DMIO

/// Finds the bad blocks in a range that failed, by halves, one request at a time.
///
/// Everything is called on the thread of the client. `whenDone` is called once.
final class Narrowing {
  /// Tries a range and calls back with its errno, nil for success.
  let attempt: (Range<UInt64>, @escaping (Errno?) -> Void) -> Void
  /// Told of each block that is bad, or each range that is not worth trying.
  let bad: (Range<UInt64>, Errno) -> Void
  /// Told of each range that is good after all.
  let good: (Range<UInt64>) -> Void
  let whenDone: () -> Void
  private let block: UInt64
  /// What is left to try, the next last, each with the errno of the range that it was a part of.
  private var rest: [(range: Range<UInt64>, errno: Errno)] = []

  /// - Parameter block: Sectors below which nothing is divided.
  init(
    block: UInt64, attempt: @escaping (Range<UInt64>, @escaping (Errno?) -> Void) -> Void,
    bad: @escaping (Range<UInt64>, Errno) -> Void, good: @escaping (Range<UInt64>) -> Void,
    whenDone: @escaping () -> Void
  ) {
    self.block = block
    self.attempt = attempt
    self.bad = bad
    self.good = good
    self.whenDone = whenDone
  }

  /// Begins with a range that failed with `errno`.
  func start(_ range: Range<UInt64>, _ errno: Errno) {
    failed(range, errno)
    next()
  }

  private func next() {
    guard let (range, errno) = rest.popLast() else { return whenDone() }
    if Interrupts.areWanted {
      bad(range, errno)
      for (range, errno) in rest { bad(range, errno) }
      rest = []
      return whenDone()
    }
    attempt(range) { [self] errno in
      if let errno { failed(range, errno) } else { good(range) }
      next()
    }
  }

  /// Halves what failed; the smaller half is a power of two of blocks, so that no block is ever cut.
  private func failed(_ range: Range<UInt64>, _ errno: Errno) {
    let blocks = (UInt64(range.count) + block - 1) / block
    guard blocks > 1, !errno.concernsWholeDevice else { return bad(range, errno) }
    let middle = range.lowerBound + (blocks + 1) / 2 * block
    rest.append((middle..<range.upperBound, errno))
    rest.append((range.lowerBound..<middle, errno))
  }
}

extension Errno {
  /// The device is gone, or never could: its parts will say nothing else.
  var concernsWholeDevice: Bool {
    switch self {
    case .ENODEV, .ENXIO, .ENOMEDIUM, .ESHUTDOWN, .EBADF, .EOPNOTSUPP, .EROFS: true
    default: false
    }
  }
}
