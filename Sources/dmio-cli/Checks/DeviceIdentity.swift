internal import DMIO
internal import DMIONames
internal import Glibc

/// By what a device is known again in another run: words that do not depend on its name.
///
/// A file is its file system, its inode and, where the file system counts them, the inode's generation: a file that was deleted
/// and made anew is another. A disk is what it says of itself, else its number. Memory is never known again.
struct DeviceIdentity: Hashable {
  let text: String

  /// One that was noted.
  init(noted text: String) { self.text = text }

  /// The identity of a device; nil for what is gone with its process.
  init?(_ opened: OpenDevice) {
    guard let report = opened.report, let file = opened.file else { return nil }
    if report.isBlockDevice {
      let numbers = BlockNumbers(report.special)
      let names = ["wwid", "device/wwid", "device/serial", "serial"].lazy.compactMap { numbers.line($0) }
      let partition = numbers.number("partition").map { " partition \($0)" } ?? ""
      if let name = names.first(where: { !$0.isEmpty }) {
        text = "disk \(printable(RawArgument.text(of: name)))\(partition)"
      } else {
        text = "block \(report.special >> 8 & 0xFFF):\(report.special & 0xFF | (report.special >> 12) & ~0xFF)"
      }
    } else {
      var system = statvfs()
      _ = unsafe fstatvfs(file.number, &system)
      var generation: Int32 = 0
      // FS_IOC_GETVERSION.
      let hasGeneration = unsafe ioctl(file.number, 0x8008_7601, &generation) == 0
      text =
        "file \(String(UInt64(system.f_fsid), radix: 16)):\(report.identity.inode)"
        + (hasGeneration ? ":\(UInt32(bitPattern: generation))" : "")
    }
  }
}
