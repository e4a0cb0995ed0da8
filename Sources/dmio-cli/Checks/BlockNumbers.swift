internal import DMIO
internal import DMIONames
internal import Glibc

/// What sysfs knows about a block device, found by its number.
struct BlockNumbers {
  let device: DeviceNumber
  /// Where it stands in sysfs, with a slash at the end.
  let folder: String

  init(_ device: DeviceNumber) {
    self.device = device
    folder = "/sys/dev/block/\(device.major):\(device.minor)/"
  }

  init(_ special: UInt64) { self.init(DeviceNumber(special)) }

  /// The first line of a file of the device; nil when there is none.
  func line(_ file: String) -> [UInt8]? {
    guard let file = try? Descriptor.open(Array((folder + file).utf8), O_RDONLY),
      let bytes = try? file.read(atMost: 8192)
    else { return nil }
    return Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
  }

  func number(_ file: String) -> UInt64? {
    line(file).flatMap { UInt64(String(decoding: $0, as: UTF8.self).filter { $0 != " " }) }
  }

  /// The model's name, for people.
  var model: String? {
    let text = (line("device/model") ?? line("../device/model")).map { printable($0) } ?? ""
    let trimmed = text.split(separator: " ").joined(separator: " ")
    return trimmed.isEmpty ? nil : trimmed
  }

  /// The whole disk of a partition: its number, and where the partition begins.
  var disk: (special: UInt64, bytes: UInt64)? {
    guard line("partition") != nil, let start = number("start"), let numbers = line("../dev") else { return nil }
    return DeviceNumber(numbers).map { ($0.special, start * 512) }
  }

  /// What a loop device stands for, and where in it the device begins.
  ///
  /// The kernel is asked for the file's identity: its name may have been given to another file, or be gone.
  var backing: (base: Whereabouts.Base, bytes: UInt64)? {
    guard let path = line("loop/backing_file"), !path.isEmpty else { return nil }
    let bytes = number("loop/offset") ?? 0
    let named = (try? FileStatus.of(path)) ?? nil
    if let named, named.kind == .block { return (.block(named.special), bytes) }
    if let loop = loopStatus { return (.file(device: loop.device, inode: loop.inode), bytes) }
    return named.map { (.file(device: $0.device, inode: $0.inode), bytes) }
  }

  /// Device and inode of a loop device's file, and whether it was set up to be read only, by LOOP_GET_STATUS64; nil where the
  /// device cannot be opened.
  var loopStatus: (device: UInt64, inode: UInt64, isReadOnly: Bool)? {
    guard let name = kernelName,
      let loop = try? Descriptor.open(Array("/dev/".utf8) + name, O_RDONLY),
      let status = try? loop.status(), status.kind == .block, DeviceNumber(status.special) == device
    else { return nil }
    // struct loop_info64: device and inode stand first, the flags in the upper half of the seventh word.
    var info = [UInt64](repeating: 0, count: 32)
    let code = unsafe info.withUnsafeMutableBytes { buffer -> Int32 in
      guard let start = buffer.baseAddress else { return -1 }
      return unsafe ioctl(loop.number, 0x4C05, start)
    }
    return code == 0 ? (info[0], info[1], info[6] >> 32 & 1 == 1) : nil
  }

  /// What the kernel calls the device: the last part of where its link leads.
  var kernelName: [UInt8]? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(String(folder.dropLast()), &bytes, bytes.count)
    guard count > 0 else { return nil }
    let path = bytes.prefix(count).map { UInt8(bitPattern: $0) }
    return path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[($0 + 1)...]) }
  }
}
