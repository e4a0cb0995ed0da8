import FoundationEssentials

/// The same numbers for the same seed (SplitMix64); the seed is printed, and taken from DMIO_SEED when that is set.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ test: String) {
    let seed = ProcessInfo.processInfo.environment["DMIO_SEED"].flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
    print("\(test): DMIO_SEED=\(seed)")
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number with a random count of bits, so that small ones and powers of two are frequent.
  mutating func number(below bits: Int) -> UInt64 {
    let (number, shift) = (next() >> UInt64(64 - bits), UInt64.random(in: 0..<UInt64(bits), using: &self))
    return Bool.random(using: &self) ? number >> shift : (number >> shift) << shift
  }

  /// A name made of what means something in an operand.
  mutating func name() -> String {
    let pieces = [
      ",", ",,", "./", "/", ".", ":", "=", "a", "Z", "offset=", "size=", "direct=on", "fault:", "ram:64MiB", "nbd://",
      "null:", "1", "é", "e\u{301}", "\u{301}", "\u{F7FF}", "\n", "\r\n", " ", "+", "-", "\u{202E}", "😀", "\\",
    ]
    let count = Int.random(in: 1...6, using: &self)
    return (0..<count).map { _ in pieces.randomElement(using: &self) ?? "" }.joined()
  }
}
