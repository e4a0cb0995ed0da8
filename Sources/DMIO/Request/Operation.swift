/// What a request does with its regions, and how.
///
/// The kernel keeps the same three things in one word, `bi_opf`, and in `ioprio`.
///
///     let durable = Operation.write(.fua)
public struct Operation: Sendable, Hashable {
  /// What is done.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Bytes go from one region into memory.
    case read
    /// The same bytes go from memory to every region.
    case write
    /// What was completed before is made durable, on the device of every region; sector and count mean nothing.
    case flush
    /// The contents of every region are given up: a hint, what is read afterwards is unknown.
    case discard
    /// Every region reads as zeros afterwards: a guarantee.
    case writeZeroes
  }

  /// How it is done.
  public struct Flags: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// The flags whose bits are set in `rawValue`.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// The data is durable before the request completes (a write with `RWF_DSYNC`).
    public static var fua: Flags { Flags(rawValue: 1) }
    /// The device of each region is flushed, once, before data moves.
    public static var preflush: Flags { Flags(rawValue: 2) }
    /// A hint: where requests wait for the reservation, this one goes before those without it.
    public static var sync: Flags { Flags(rawValue: 4) }
    /// A region is written as a whole or not at all; one that would need two pieces fails with EINVAL.
    public static var atomic: Flags { Flags(rawValue: 8) }
  }

  /// The kind in the lowest byte, the flags in the next, the priority above: as one word all three are passed at once.
  private(set) var bits: UInt32

  /// An operation of a kind, with flags and a priority.
  public init(_ kind: Kind, _ flags: Flags = [], priority: IOPriority = .none) {
    bits = UInt32(kind.rawValue) | UInt32(flags.rawValue) << 8 | UInt32(priority.rawValue) << 16
  }

  /// What is done.
  public var kind: Kind {
    // The lowest byte was a kind.
    get { unsafe unsafeBitCast(UInt8(truncatingIfNeeded: bits), to: Kind.self) }
    set { bits = bits & ~0xFF | UInt32(newValue.rawValue) }
  }

  /// How it is done.
  public var flags: Flags {
    get { Flags(rawValue: UInt8(truncatingIfNeeded: bits >> 8)) }
    set { bits = bits & ~0xFF00 | UInt32(newValue.rawValue) << 8 }
  }

  /// The I/O priority of every piece.
  public var priority: IOPriority {
    get { IOPriority(rawValue: UInt16(truncatingIfNeeded: bits >> 16)) }
    set { bits = bits & 0xFFFF | UInt32(newValue.rawValue) << 16 }
  }

  /// A read.
  public static var read: Operation { Operation(.read) }
  /// A write.
  public static var write: Operation { Operation(.write) }
  /// A flush.
  public static var flush: Operation { Operation(.flush) }
  /// A discard.
  public static var discard: Operation { Operation(.discard) }
  /// A write of zeros without a buffer.
  public static var writeZeroes: Operation { Operation(.writeZeroes) }
  /// A write with flags.
  public static func write(_ flags: Flags) -> Operation { Operation(.write, flags) }

  /// The bits that say what is done.
  static var kindBits: UInt32 { 0xFF }
  /// The bits that a plain operation may have or not: SYNC, which matters only to who waits, and the priority.
  static var optionalBits: UInt32 { UInt32(Flags.sync.rawValue) << 8 | 0xFFFF_0000 }

  /// True without any flag but SYNC.
  @inline(__always)
  var isPlain: Bool { bits & ~(Operation.optionalBits | Operation.kindBits) == 0 }

  /// True when bytes move between memory and the device.
  @inline(__always)
  var movesData: Bool { bits & 0xFF <= UInt32(Kind.write.rawValue) }
}

/// An I/O priority as `ioprio_set(2)` has it: the class in the upper three bits, the level below.
public struct IOPriority: RawRepresentable, Sendable, Hashable {
  /// The kernel's number.
  public let rawValue: UInt16
  /// The priority with the kernel's number `rawValue`.
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// No priority of its own: the thread's counts.
  public static let none = IOPriority(rawValue: 0)
  /// The real-time class at a level from 0 (first) to 7.
  public static func realTime(_ level: UInt16) -> IOPriority { IOPriority(rawValue: 1 << 13 | level & 7) }
  /// The best-effort class at a level from 0 (first) to 7.
  public static func bestEffort(_ level: UInt16) -> IOPriority { IOPriority(rawValue: 2 << 13 | level & 7) }
  /// Only when nobody else wants the device.
  public static let idle = IOPriority(rawValue: 3 << 13)
}
