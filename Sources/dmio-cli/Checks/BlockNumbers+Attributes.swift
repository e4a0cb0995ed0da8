internal import DMIO
internal import DMIONames
internal import Glibc

/// What sysfs says about a disk as a whole is also true of its partitions.
extension BlockNumbers {
  /// A number from the queue, of a partition's disk.
  func queue(_ file: String) -> UInt64? { number("queue/" + file) ?? number("../queue/" + file) }

  /// Words from the queue, of a partition's disk.
  func queueText(_ file: String) -> String? {
    (line("queue/" + file) ?? line("../queue/" + file)).map { printable($0) }
  }

  /// Whether the kernel refuses writes: by BLKROGET where the device is open, else by sysfs; nil where neither tells.
  func isReadOnly(_ file: Descriptor?) -> Bool? {
    var flag: Int32 = 0
    if let file, unsafe ioctl(file.number, 0x125E, &flag) == 0 { return flag != 0 }
    return number("ro").map { $0 != 0 }
  }

  /// The maker's number for the disk, where the driver tells it.
  var serial: String? {
    for place in ["serial", "device/serial", "../serial", "../device/serial"] {
      if let serial = line(place), let text = BlockNumbers.text(serial) { return text }
    }
    // A page of SCSI: four bytes before the number.
    return (line("device/vpd_pg80") ?? line("../device/vpd_pg80")).flatMap { BlockNumbers.text($0.dropFirst(4)) }
  }

  private static func text(_ bytes: some Collection<UInt8>) -> String? {
    let text = printable(Array(bytes)).split(separator: " ").joined(separator: " ")
    return text.isEmpty ? nil : text
  }

  /// The path by which udev names the device: `/dev/` and the kernel's name.
  var path: [UInt8]? {
    kernelName.map { Array("/dev/".utf8) + $0.map { $0 == UInt8(ascii: "!") ? UInt8(ascii: "/") : $0 } }
  }
}
