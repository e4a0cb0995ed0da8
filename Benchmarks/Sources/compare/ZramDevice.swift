import Foundation

/// A zram device: compressed memory, whose number is written down in the folder so that the next run can remove it.
enum ZramDevice {
  private static let control = "/sys/class/zram-control"

  /// A new device with the bytes of `file`.
  static func make(_ folder: URL, from file: String, _ child: Child) throws(Message) -> String {
    guard geteuid() == 0 else { throw Message("zram needs root") }
    if !FileManager.default.fileExists(atPath: control) { _ = try? child.run(["modprobe", "zram"]) }
    guard FileManager.default.fileExists(atPath: control) else { throw Message("the kernel has no zram") }
    // Reading the file is what makes a device.
    let number = try read("\(control)/hot_add").trimmingCharacters(in: .whitespacesAndNewlines)
    try write(number, to: note(folder).path)
    try write("\(Lab.gib)", to: "/sys/block/zram\(number)/disksize")
    let device = "/dev/zram\(number)"
    try child.run(["dd", "if=\(file)", "of=\(device)", "bs=1M", "oflag=direct", "status=none"])
    return device
  }

  /// Removes the device that the folder's note names, if there is one.
  static func remove(_ folder: URL) throws(Message) {
    let note = note(folder)
    guard FileManager.default.fileExists(atPath: note.path) else { return }
    let number = try read(note.path)
    if FileManager.default.fileExists(atPath: "/sys/block/zram\(number)") {
      try write("1", to: "/sys/block/zram\(number)/reset")
      try write(number, to: "\(control)/hot_remove")
    }
    try? FileManager.default.removeItem(at: note)
  }

  private static func note(_ folder: URL) -> URL { folder.appendingPathComponent("zram-number") }

  private static func read(_ path: String) throws(Message) -> String {
    do { return try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw Message("\(path): \(error.localizedDescription)")
    }
  }

  private static func write(_ text: String, to path: String) throws(Message) {
    do { try text.write(toFile: path, atomically: false, encoding: .utf8) } catch {
      throw Message("\(path): \(error.localizedDescription)")
    }
  }
}
