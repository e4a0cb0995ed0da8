internal import DMIO
internal import DMIONames

/// A file system that this process sees mounted.
struct Mount {
  let id: UInt64
  /// The number of the device that it is on; for some file systems (btrfs) one that no device has.
  let number: DeviceNumber
  let point: [UInt8]
  let kind: String
  /// What was mounted: for a file system on a device its path.
  let source: [UInt8]

  /// A line of /proc/self/mountinfo; nil when it is none.
  init?(line: [UInt8]) {
    let words = KernelText.words(line)
    guard words.count >= 10, let id = UInt64(String(decoding: words[0], as: UTF8.self)),
      let number = DeviceNumber(words[2]), let dash = words[6...].firstIndex(of: Array("-".utf8)),
      words.count > dash + 2
    else { return nil }
    (self.id, self.number, point) = (id, number, words[4])
    kind = printable(words[dash + 1])
    source = words[dash + 2]
  }

  /// Whether it is on the block device of that number.
  func isOn(_ device: DeviceNumber) -> Bool {
    if number == device { return true }
    guard source.first == UInt8(ascii: "/"), let status = (try? FileStatus.of(source)) ?? nil else { return false }
    return status.kind == .block && DeviceNumber(status.special) == device
  }

  static func all() -> [Mount] { KernelText.lines("/proc/self/mountinfo").compactMap { Mount(line: $0) } }

  /// The one that an open file is in.
  static func of(_ file: Descriptor) -> Mount? {
    let lines = KernelText.lines("/proc/self/fdinfo/\(file.number)").map { String(decoding: $0, as: UTF8.self) }
    guard let line = lines.first(where: { $0.hasPrefix("mnt_id:") }),
      let id = UInt64(line.dropFirst("mnt_id:".count).filter(\.isNumber))
    else { return nil }
    return all().first { $0.id == id }
  }
}
