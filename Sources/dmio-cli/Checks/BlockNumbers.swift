internal import DMIO
internal import DMIONames
internal import Glibc

/// What sysfs knows about a block device, found by its number.
struct BlockNumbers {
  private let folder: String

  init(_ special: UInt64) {
    let major = (special >> 8) & 0xFFF | (special >> 32) & ~0xFFF
    let minor = special & 0xFF | (special >> 12) & ~0xFF
    folder = "/sys/dev/block/\(major):\(minor)/"
  }

  /// The first line of a file of the device; nil when there is none.
  func line(_ file: String) -> [UInt8]? {
    guard let file = try? Descriptor.open(Array((folder + file).utf8), O_RDONLY),
      let bytes = try? file.read(atMost: 8192)
    else { return nil }
    return Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
  }

  func number(_ file: String) -> UInt64? {
    line(file).flatMap { UInt64(String(decoding: $0, as: UTF8.self).filter { $0 != " " }) }
  }

  /// The model's name, for people.
  var model: String? {
    let text = (line("device/model") ?? line("../device/model")).map { printable($0) } ?? ""
    let trimmed = text.split(separator: " ").joined(separator: " ")
    return trimmed.isEmpty ? nil : trimmed
  }

  /// The whole disk of a partition: its number, and where the partition begins.
  var disk: (special: UInt64, bytes: UInt64)? {
    guard line("partition") != nil, let start = number("start"), let numbers = line("../dev") else { return nil }
    let parts = String(decoding: numbers, as: UTF8.self).split(separator: ":").compactMap { UInt64($0) }
    guard parts.count == 2 else { return nil }
    let (major, minor) = (parts[0], parts[1])
    let special = (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | minor & 0xFF | (minor & ~0xFF) << 12
    return (special, start * 512)
  }

  /// The file that a loop device stands for, and where in it the device begins.
  var backing: (path: [UInt8], bytes: UInt64)? {
    guard let path = line("loop/backing_file"), !path.isEmpty else { return nil }
    return (path, number("loop/offset") ?? 0)
  }
}
