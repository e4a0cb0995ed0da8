/// The number of a block device in the kernel: major and minor.
struct DeviceNumber: Hashable {
  let major: UInt64
  let minor: UInt64

  /// Of what stat(2) calls `st_rdev`.
  init(_ special: UInt64) {
    major = (special >> 8) & 0xFFF | (special >> 32) & ~0xFFF
    minor = special & 0xFF | (special >> 12) & ~0xFF
  }

  /// Of the kernel's text for it, such as `8:1`; nil when it is none.
  init?(_ text: some Collection<UInt8>) {
    let parts = String(decoding: text, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = UInt64(parts[0]), let minor = UInt64(parts[1]) else { return nil }
    (self.major, self.minor) = (major, minor)
  }

  /// What stat(2) calls `st_rdev`.
  var special: UInt64 { (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | minor & 0xFF | (minor & ~0xFF) << 12 }
}
