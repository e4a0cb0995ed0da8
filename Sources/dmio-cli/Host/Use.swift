internal import DMIO

/// Somebody who uses a device, so that it is not to be overwritten.
struct Use {
  enum How: Equatable {
    case mounted(at: [UInt8])
    case swap
    /// A loop device over it.
    case loop(path: [UInt8])
    /// A device of the mapper: its number in the kernel, its name, and who made it.
    case mapped(path: [UInt8], name: [UInt8], uuid: String)
    /// Any other device that sysfs calls its holder.
    case held(path: [UInt8])
  }

  /// What is used: `it`, a part of it, or what stands on it.
  let subject: String
  /// The path of that.
  let path: [UInt8]
  let how: How
}
