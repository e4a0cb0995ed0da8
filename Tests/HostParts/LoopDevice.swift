import Foundation
import Glibc

/// A block device over a file, with sectors of 512 or 4096 bytes; gone with its last holder.
public final class LoopDevice {
  /// `/dev/loopN`.
  public let path: String
  private let file: String

  public init(bytes: Int, sector: Int) throws {
    file = try Host.newFile("loop", bytes: bytes)
    do { path = try LoopDevice.attach(file, sector: sector) } catch {
      unlink(file)
      throw error
    }
  }

  deinit {
    Host.run("losetup", "-d", path)
    unlink(file)
  }

  /// A limit of its queue, from sysfs.
  public func limit(_ name: String) -> UInt64 {
    let number = path.dropFirst("/dev/".count)
    return RunFolder.lines("/sys/block/\(number)/queue/\(name)").first.flatMap { UInt64($0) } ?? 0
  }

  /// The loop devices over files whose path begins with `prefix`.
  static func all(on prefix: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/block")) ?? []
    return names.filter { name in
      name.hasPrefix("loop")
        && RunFolder.lines("/sys/block/\(name)/loop/backing_file").first?.hasPrefix(prefix) == true
    }.map { "/dev/\($0)" }
  }

  /// A container may have no node yet for the number that the kernel offers, and another process may be faster at taking it.
  private static func attach(_ file: String, sector: Int) throws -> String {
    var last = Host.Output(status: 1, text: "no loop device")
    for _ in 0..<20 {
      let loop = Host.run("losetup", "-f")
      guard loop.status == 0, let number = UInt32(loop.line.dropFirst("/dev/loop".count)) else {
        throw HostError(loop, "losetup")
      }
      if access(loop.line, F_OK) != 0 { mknod(loop.line, S_IFBLK | 0o600, UInt(7 << 8 | number)) }
      last = Host.run("losetup", "-b", "\(sector)", loop.line, file)
      if last.status == 0 { return loop.line }
    }
    throw HostError(last, "losetup")
  }
}
