import Foundation

/// A block device whose sectors go bad when told to: `Scripts/bad-device`.
package final class BadDevice {
  /// `/dev/loopN`.
  package let path: String
  private let folder = Host.newPath("bad")
  private static let script = "\(Host.checkout)/Scripts/bad-device/bad-device.sh"

  /// Why it cannot be had on this machine; nil if it can.
  package static let obstacle: String? = {
    let check = Host.run(script, "check")
    return check.status == 0 ? nil : check.line
  }()

  /// A device of `bytes` bytes.
  package init(bytes: Int, sector: Int) throws {
    let started = Host.run(BadDevice.script, "start", folder, "\(bytes)", "\(sector)")
    guard started.status == 0 else { throw HostError(started, "bad-device.sh start") }
    path = started.line
  }

  deinit { Host.run(BadDevice.script, "stop", folder) }

  /// From now on these rules hold, such as `w 1000 8 EIO`.
  package func faults(_ rules: String...) throws {
    let set = Host.run([BadDevice.script, "faults", folder] + rules)
    guard set.status == 0 else { throw HostError(set, "bad-device.sh faults") }
  }
}
