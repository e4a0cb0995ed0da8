internal import DMIO
internal import DMIONames

/// Who uses a device, and how to make them let go.
extension Finding {
  /// The finding that a use of the device is.
  init(_ use: Use) {
    let path = ShellWord.quoted(use.path)
    switch use.how {
    case .mounted(let point):
      // Nobody wants to unmount the root of the system that the command runs in.
      let isRoot = point == Array("/".utf8)
      self.init(
        kind: .mounted, message: "\(use.subject) is mounted at \(printable(point)), so no copy goes there",
        fix: isRoot ? nil : "umount \(ShellWord.quoted(point))")
    case .swap: self.init(kind: .swap, message: "\(use.subject) is swap space", fix: "swapoff \(path)")
    case .loop(let loop):
      self.init(
        kind: .held, message: "\(printable(loop)) is a loop device over \(use.subject)",
        fix: "losetup -d \(ShellWord.quoted(loop))")
    case .mapped(let holder, let name, let uuid):
      self.init(
        kind: .held, message: "\(printable(holder)) (\(printable(name))) of the device mapper holds \(use.subject)",
        fix: Finding.unmapping(ShellWord.quoted(name), uuid))
    case .held(let holder):
      let isArray = holder.starts(with: "/dev/md".utf8)
      self.init(
        kind: .held, message: "\(printable(holder)) holds \(use.subject)",
        fix: isArray ? "mdadm --stop \(ShellWord.quoted(holder))" : nil)
    }
  }

  /// A mapping goes by the tool that made it, which knows what else there is to do.
  private static func unmapping(_ name: String, _ uuid: String) -> String {
    if uuid.hasPrefix("CRYPT-") { return "cryptsetup close \(name)" }
    if uuid.hasPrefix("LVM-") { return "lvchange -an /dev/mapper/\(name)" }
    if uuid.hasPrefix("mpath-") { return "multipath -f \(name)" }
    return "dmsetup remove \(name)"
  }
}
