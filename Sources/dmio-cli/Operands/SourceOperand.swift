internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// A region that is read, as it was named, opened.
struct SourceOperand {
  let opened: OpenDevice
  /// The path of a file or block device itself; nil for what others cannot open by a name.
  let path: [UInt8]?
  /// Bytes from the device's start.
  let offset: UInt64
  /// Bytes that are read, exactly.
  let bytes: UInt64
  /// True when the region ends where the device does.
  let isToTheEnd: Bool
  /// What is known of a source that is not there, and is not read; nil for one that is.
  let absent: MapFile?

  init(opening operand: RegionOperand) throws(Refusal) {
    let stack = try DeviceStack(operand.device)
    path = stack.plainPath
    opened = try DeviceOpening(stack: stack, mode: operand.direct).open { opened in
      SourceOperand.misfit(operand, opened)
    }
    offset = operand.offset
    isToTheEnd = operand.size == nil
    let rest = opened.bytes - min(offset, opened.bytes)
    bytes = min(operand.size ?? rest, rest)
    absent = nil
  }

  /// A source that is not there any more, by its map. In its place stands the target that is read.
  init(absent operand: RegionOperand, by map: MapFile, beside target: RegionOperand) throws(Refusal) {
    let name = try DeviceStack(operand.device).name
    let stand = try DeviceOpening(stack: DeviceStack(target.device), mode: target.direct).open { _ in nil }
    opened = OpenDevice(
      name: name, device: stand.device, file: stand.file, isDirect: stand.isDirect, directReason: stand.directReason)
    (path, offset, bytes, isToTheEnd, absent) = (nil, map.first, map.bytes.sectors, false, map)
  }

  /// True when all of the file or device is read.
  var isWhole: Bool { offset == 0 && bytes == opened.bytes }

  private static func misfit(_ operand: RegionOperand, _ opened: OpenDevice) -> Misfit? {
    let bytes = opened.bytes
    let end = operand.offset + (operand.size ?? 0)
    // A file's last sector need not be full.
    if end > (bytes + 511) / 512 * 512 || operand.offset > bytes && operand.offset != 0 {
      let region = operand.size.map { "\(operand.offset) + \($0)" } ?? "\(operand.offset)"
      return .final("the region (\(region) bytes) lies beyond its end (\(bytes) bytes)")
    }
    let block = UInt64(opened.device.geometry.logicalBlock)
    if operand.offset % block != 0 {
      return .alignment("offset=\(operand.offset) is no multiple of its block of \(block) bytes")
    }
    let padded = ((operand.size ?? bytes - min(operand.offset, bytes)) + block - 1) / block * block
    if operand.offset + padded > opened.device.geometry.sectors * 512 {
      return .alignment("its end is no multiple of its block of \(block) bytes")
    }
    return nil
  }

  /// What the copier reads.
  ///
  /// - Parameter isSparse: What the file system calls a gap is not read. A fault device has its own say on every sector.
  func source(isSparse: Bool) -> Source {
    let isSparse = isSparse && opened.device.wrapped == nil
    let file = opened.isRegularFile && absent == nil ? opened.file : nil
    let copy = CopySource(
      device: opened.device, start: offset / 512, bytes: bytes, bytesNow: { file.flatMap { try? $0.status().bytes } })
    if let file, isSparse { copy.content = Gaps(file, start: offset / 512).content }
    return Source(
      name: opened.name, isDirect: opened.isDirect, directReason: opened.directReason, isToTheEnd: isToTheEnd,
      copy: copy)
  }
}
