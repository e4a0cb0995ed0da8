internal import DMIO
internal import DMIONames
internal import Glibc

/// By what a device is known again in another run: words that do not depend on its name.
///
/// A file is its file system, its inode and, where the file system counts them, the inode's generation: a file that was deleted
/// and made anew is another. A disk is what it says of itself, else its number; a partition is one of its disk; a loop device is
/// a part of its file. Memory is never known again.
struct DeviceIdentity: Hashable {
  let text: String

  /// What memory has in the place of one.
  static let memory = DeviceIdentity(noted: "none")

  /// The identity of a device.
  static func of(_ opened: OpenDevice) -> DeviceIdentity { DeviceIdentity(opened) ?? memory }

  /// For a message.
  var words: String { self == .memory ? "memory" : text }

  /// One that was noted.
  init(noted text: String) { self.text = text }

  /// The identity of a device; nil for what is gone with its process.
  init?(_ opened: OpenDevice) {
    guard let report = opened.report, let file = opened.file else { return nil }
    text =
      report.isBlockDevice
      ? DeviceIdentity.words(BlockNumbers(report.special)) : DeviceIdentity.words(file, inode: report.identity.inode)
  }

  private static func words(_ file: Descriptor, inode: UInt64) -> String {
    var system = statvfs()
    _ = unsafe fstatvfs(file.number, &system)
    var generation: Int32 = 0
    // FS_IOC_GETVERSION.
    let hasGeneration = unsafe ioctl(file.number, 0x8008_7601, &generation) == 0
    return "file \(String(UInt64(system.f_fsid), radix: 16)):\(inode)"
      + (hasGeneration ? ":\(UInt32(bitPattern: generation))" : "")
  }

  private static func words(_ numbers: BlockNumbers) -> String {
    if let backing = words(ofLoop: numbers) { return backing }
    let partition = numbers.number("partition").map { " partition \($0)" } ?? ""
    let names = ["wwid", "device/wwid", "device/serial", "serial"]
    // A partition has none of its own.
    let places = names + (partition.isEmpty ? [] : names.map { "../" + $0 })
    if let name = places.lazy.compactMap({ numbers.line($0) }).first(where: { !$0.isEmpty }) {
      return "disk \(printable(RawArgument.text(of: name)))\(partition)"
    }
    if !partition.isEmpty, let disk = numbers.disk, let backing = words(ofLoop: BlockNumbers(disk.special)) {
      return backing + partition
    }
    return "block \(numbers.device.major):\(numbers.device.minor)"
  }

  /// A loop device by what is behind it, as any file can be put behind its number; nil for all else.
  private static func words(ofLoop numbers: BlockNumbers) -> String? {
    guard let path = numbers.line("loop/backing_file"), !path.isEmpty else { return nil }
    return "loop from byte \(numbers.number("loop/offset") ?? 0) of \(words(behind: path, numbers))"
  }

  private static func words(behind path: [UInt8], _ numbers: BlockNumbers) -> String {
    let named = (try? FileStatus.of(path)) ?? nil
    if let named, named.kind == .block { return words(BlockNumbers(named.special)) }
    let loop = numbers.loopStatus
    // The name may have been given to another file.
    if let named, named.kind == .regular, let file = try? Descriptor.open(path, O_RDONLY | O_NONBLOCK),
      let status = try? file.status(), loop == nil || status.device == loop?.device && status.inode == loop?.inode
    {
      return words(file, inode: status.inode)
    }
    return loop.map { "file on \($0.device):\($0.inode)" } ?? "block \(numbers.device.major):\(numbers.device.minor)"
  }
}
