import Foundation

/// Loop devices over files on tmpfs, with O_DIRECT below them so that nothing is cached twice.
enum LoopDevice {
  /// A new device over `file`.
  static func attach(_ file: String, _ child: Child) throws(Message) -> String {
    guard geteuid() == 0 else { throw Message("a loop device needs root") }
    let output = try child.run(["losetup", "--find", "--show", "--direct-io=on", file])
    return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
  }

  /// Takes it away.
  static func detach(_ device: String, _ child: Child) throws(Message) {
    try child.run(["losetup", "--detach", device])
  }

  /// Takes away every device whose file is in `folder`.
  static func detachAll(on folder: URL) throws(Message) {
    let blocks = URL(fileURLWithPath: "/sys/block")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: blocks.path)) ?? []
    for name in names where name.hasPrefix("loop") {
      let backing = blocks.appendingPathComponent("\(name)/loop/backing_file")
      guard let path = try? String(contentsOf: backing, encoding: .utf8), path.hasPrefix("\(folder.path)/") else {
        continue
      }
      try detach("/dev/\(name)", Child(folder: folder))
    }
  }
}
