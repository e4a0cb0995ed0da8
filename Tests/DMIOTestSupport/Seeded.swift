import Glibc

/// The same numbers for the same seed (SplitMix64); the seed is printed, and taken from DMIO_SEED when that is set.
package struct Seeded: RandomNumberGenerator {
  /// What makes the same numbers come again.
  package let seed: UInt64
  private var state: UInt64

  package init(_ test: String) {
    self.init(seed: getenv("DMIO_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0 ... .max))
    print("\(test): DMIO_SEED=\(seed)")
  }

  package init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  package mutating func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &self) }

  /// True once in `count` times.
  package mutating func once(in count: Int) -> Bool { below(count) == 0 }
}

/// How often something is repeated: `count`, or what DMIO_SCALE makes of it (percent), at least 1.
///
/// The sanitizers slow everything down; their run sets a scale, it leaves nothing out.
package func scaled(_ count: Int) -> Int {
  let percent = getenv("DMIO_SCALE").flatMap { Int(String(cString: $0)) } ?? (isSanitized ? 5 : 100)
  return max(1, count * percent / 100)
}

/// True under AddressSanitizer, which puts locals elsewhere than on the stack.
package let isAddressSanitized = dlsym(nil, "__asan_init") != nil

/// True under a sanitizer, whose runtime is part of the process.
package let isSanitized = isAddressSanitized || dlsym(nil, "__tsan_init") != nil
