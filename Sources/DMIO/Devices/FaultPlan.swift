/// Which operations a fault device spoils, and how: a plain value, decoded from JSON elsewhere.
///
/// The rules are tried in order for each operation. All matching delays add up; the first other rule
/// that matches decides.
public struct FaultPlan: Sendable, Hashable {
  /// Where the random choices (`probability`, `torn`) start; the same seed gives the same choices.
  public var seed: UInt64
  /// What replaces the geometry of the wrapped device.
  public var geometry: GeometryOverride
  /// The rules, in the order in which they are tried.
  public var rules: [Rule]

  /// A plan; without rules it passes everything on.
  public init(seed: UInt64 = 1, geometry: GeometryOverride = GeometryOverride(), rules: [Rule] = []) {
    self.seed = seed
    self.geometry = geometry
    self.rules = rules
  }

  /// What a fault device pretends about the device it wraps; nil leaves it as it is.
  public struct GeometryOverride: Sendable, Hashable {
    /// Bytes in a logical block: a power of two from 512 to 65,536, no smaller than the wrapped device's.
    public var logicalBlock: Int?
    /// Whether discard is supported.
    public var discard: Bool?
    /// Whether write-zeroes is supported.
    public var writeZeroes: Bool?

    /// An override of what is not nil.
    public init(logicalBlock: Int? = nil, discard: Bool? = nil, writeZeroes: Bool? = nil) {
      self.logicalBlock = logicalBlock
      self.discard = discard
      self.writeZeroes = writeZeroes
    }
  }

  /// One rule: what it matches, and what then happens.
  public struct Rule: Sendable, Hashable {
    /// The kind of operation it matches; nil matches any.
    public var operation: Operation.Kind?
    /// The first sector it covers, counted from the start of the device.
    public var start: UInt64
    /// How many sectors it covers. It matches an operation that touches one of them; a flush touches all.
    public var count: UInt64
    /// What happens to an operation that is hit.
    public var action: Action
    /// The error of `error` and `torn`.
    public var errno: Errno
    /// How many matching operations pass before the first is hit.
    public var skip: UInt64
    /// How many are hit then; nil means all.
    public var times: UInt64?
    /// The chance, from 0 to 1, that a matching operation behind those that pass is hit.
    public var probability: Double
    /// Milliseconds of a `delay`.
    public var delayMilliseconds: UInt64

    /// A rule; the defaults match every operation on every sector and fail it with EIO.
    public init(
      operation: Operation.Kind? = nil, start: UInt64 = 0, count: UInt64 = .max,
      action: Action = .error, errno: Errno = .EIO, skip: UInt64 = 0, times: UInt64? = nil,
      probability: Double = 1, delayMilliseconds: UInt64 = 0
    ) {
      self.operation = operation
      self.start = start
      self.count = count
      self.action = action
      self.errno = errno
      self.skip = skip
      self.times = times
      self.probability = probability
      self.delayMilliseconds = delayMilliseconds
    }
  }

  /// What happens to an operation that a rule hits.
  public enum Action: String, Sendable, Hashable, CaseIterable {
    /// Nothing is transferred; the rule's errno is the answer.
    case error
    /// The transfer ends before the first sector that the rule covers.
    case short
    /// The operation goes on after the rule's delay.
    case delay
    /// The operation never completes until the device is closed.
    case hang
    /// A random subset of the operation's sectors is written, then the rule's errno is the answer.
    case torn
    /// One byte of each covered sector differs; the answer is success.
    case corrupt
    /// The answer is success, and nothing happened.
    case lost
    /// From then on everything fails with ENODEV.
    case vanish
  }
}
