internal import DMIO
internal import DMIONames
internal import Glibc

/// An opened operand.
final class OpenDevice: Sendable {
  let name: String
  let device: BlockDevice
  /// The file or block device below; nil for what has none.
  let file: Descriptor?
  let isDirect: Bool
  /// Why it is opened past the page cache, or not: a sentence's end for people.
  let directReason: String

  init(name: String, device: BlockDevice, file: Descriptor?, isDirect: Bool, directReason: String) {
    self.name = name
    self.device = device
    self.file = file
    self.isDirect = isDirect
    self.directReason = directReason
  }

  /// The device itself, without its fault devices: what carries out the I/O in the end.
  var innermost: BlockDevice { device.innermost }

  /// The file itself, if it is one.
  var report: FileReport? { innermost.fileReport }

  var isRegularFile: Bool { file != nil && report?.isBlockDevice == false }

  /// Bytes that it has: a file's exactly.
  var bytes: UInt64 { file == nil ? device.geometry.sectors * 512 : device.geometry.bytes }
}

extension BlockDevice {
  /// The device without its fault devices.
  var innermost: BlockDevice {
    var device = self
    while let wrapped = device.wrapped { device = wrapped }
    return device
  }

  /// True when both are the same file or block device in the end.
  func isFile(of other: BlockDevice?) -> Bool {
    guard let own = innermost.fileReport, let other = other?.innermost.fileReport else { return false }
    return own.identity.device == other.identity.device && own.identity.inode == other.identity.inode
  }
}

/// Why a device cannot be used as it is asked to.
enum Misfit {
  /// Its blocks are too large for the region; through the page cache they might not be.
  case alignment(String)
  /// Whatever the way.
  case final(String)

  var message: String {
    switch self {
    case .alignment(let text), .final(let text): text
    }
  }
}
