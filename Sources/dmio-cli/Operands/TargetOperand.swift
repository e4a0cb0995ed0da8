internal import DMIO
internal import DMIOCopy
internal import DMIONames
internal import Glibc

/// A region that is going to be written, as it was named, looked at; nothing of it has been changed.
final class TargetOperand {
  let operand: RegionOperand
  let stack: DeviceStack
  /// Set when the file does not exist yet.
  let place: NewFile?
  /// The device; for a file that does not exist yet, one like it.
  private(set) var opened: OpenDevice
  /// Bytes of the copy.
  let bytes: UInt64
  /// Bytes of the file before, for a region of one.
  let bytesBefore: UInt64
  /// True for the operand of a file without offset or size: the file is to become the copy.
  let isWholeFile: Bool
  /// False for a file that was opened without one, such as a descriptor's of a file that was removed before.
  private let hadName: Bool
  private let opening: DeviceOpening

  /// - Parameters:
  ///   - bytes: How much is going to be written; nil: the region's own size.
  ///   - keepsFile: A file that is named as a whole is written as it is, and not emptied before.
  ///   - claimed: Block devices that this process holds exclusively already.
  ///   - others: Targets of the same run; two regions of one new file are one file that is made.
  init(
    opening operand: RegionOperand, bytes wanted: UInt64?, keepsFile: Bool, claimed: inout Set<UInt64>,
    beside others: [TargetOperand] = []
  ) throws(Refusal) {
    self.operand = operand
    stack = try DeviceStack(operand.device)
    var opening = DeviceOpening(stack: stack, mode: operand.direct, access: .readWrite)
    let absent = try NewFile.ifAbsent(stack)
    place = absent.flatMap { new in others.lazy.compactMap(\.place).first { $0.isSame(as: new) } } ?? absent
    var isFile = place != nil
    var hadName = place != nil
    if case .path(let path) = stack.core, place == nil, let status = try? FileStatus.of(path) {
      isFile = status.kind == .regular
      hadName = status.names > 0
      if status.kind == .block { opening.isExclusive = claimed.insert(status.special).inserted }
    }
    self.hadName = hadName
    isWholeFile = isFile && !keepsFile && operand.namedOffset == nil && operand.size == nil
    var size = wanted
    if let place { opening.stand = { flags throws(Errno) in try place.unnamed(flags) } }
    let isWhole = isWholeFile
    opened = try opening.open { opened in
      size = wanted ?? TargetOperand.ownSize(operand, opened)
      return TargetOperand.misfit(operand, opened, bytes: size ?? 0, isWholeFile: isWhole)
    }
    bytes = size ?? 0
    bytesBefore = isFile && place == nil ? opened.bytes : 0
    self.opening = opening
  }

  /// The size of a region that says its own: what follows its offset on the device.
  private static func ownSize(_ operand: RegionOperand, _ opened: OpenDevice) -> UInt64 {
    operand.size ?? opened.bytes - min(operand.offset, opened.bytes)
  }

  private static func misfit(
    _ operand: RegionOperand, _ opened: OpenDevice, bytes: UInt64, isWholeFile: Bool
  ) -> Misfit? {
    let geometry = opened.device.geometry
    let block = UInt64(geometry.logicalBlock)
    let isFile = opened.isRegularFile
    let end = geometry.sectors * 512
    let room = operand.size ?? end - min(end, operand.offset)
    if !isFile, operand.offset + (operand.size ?? 0) > end {
      return .final("the region lies beyond its end (\(end) bytes)")
    }
    let sectors = (bytes + 511) / 512 * 512
    if sectors > room { return .final("too small: \(bytes) bytes are to be written, it has \(room)") }
    if operand.offset % block != 0 {
      return .alignment("offset=\(operand.offset) is no multiple of its block of \(block) bytes")
    }
    let padded = (bytes + block - 1) / block * block
    if padded > room { return .alignment("\(bytes) bytes fill no whole block of \(block) bytes at its end") }
    // What lies behind the copy in a file that stays is not ours to fill up.
    if isFile, !isWholeFile, padded != sectors {
      return .alignment("\(bytes) bytes fill no whole block of \(block) bytes")
    }
    return nil
  }

  /// Creates the file if there is none. The first of the steps that change something.
  func create() throws(Refusal) {
    guard let place else { return }
    var opening = opening
    opening.stand = { flags throws(Errno) in try place.create(flags) }
    opened = try opening.open { [operand, bytes, isWholeFile] in
      TargetOperand.misfit(operand, $0, bytes: bytes, isWholeFile: isWholeFile)
    }
    do throws(Refusal) { try DeviceLock.own(opened) } catch {
      place.leave()
      throw error
    }
  }

  /// Empties a file that is going to be the copy. Others are emptied by then: one that cannot be is a failed target.
  func empty(_ target: Target) {
    guard isWholeFile, place == nil else { return }
    cut(to: 0, target)
  }

  /// Makes a file that is going to be the copy as long as it will be.
  func stretch(_ target: Target) {
    guard isWholeFile, let file = opened.file, let now = try? file.status().bytes, now < bytes else { return }
    cut(to: bytes, target)
  }

  private func cut(to bytes: UInt64, _ target: Target) {
    do throws(Errno) {
      try opened.file?.cut(to: bytes)
    } catch {
      target.copy.settling.error = (error, "truncate")
      target.copy.isDropped = true
    }
  }

  /// How zeros get there: not at all into a file that is going to be empty, with the device's operation where it has one.
  func zeros(_ sparse: SparseOptions?, isKept: Bool) -> CopyTarget.Zeros {
    guard let sparse else { return .written }
    if sparse.targetsAreZero { return .there }
    if sparse.sparse == .off { return .written }
    if isWholeFile, !isKept { return .there }
    return opened.device.geometry.writeZeroesSectors > 0 ? .operation : .written
  }

  /// Where its file ends when it is written.
  var end: UInt64 { isWholeFile ? bytes : max(bytesBefore, operand.offset + bytes) }

  /// What the copier writes.
  ///
  /// - Parameter fileEnd: Where the file ends at last, with other regions of it that are written.
  func target(zeros: CopyTarget.Zeros, fileEnd: UInt64) -> Target {
    let (file, place, opened, end) = (opened.isRegularFile ? opened.file : nil, place, opened, end)
    let hadName = hadName
    let copy = CopyTarget(opened.device, start: operand.offset / 512, sectors: (bytes + 511) / 512, zeros: zeros)
    copy.settling.trim = { [unowned copy] () throws(Errno) in
      guard let file else { return }
      let bytes = try file.status().bytes
      // What the last block was filled up with is cut off. Zeros at the end that were left out are added, if all is there.
      if bytes > fileEnd { try file.cut(to: fileEnd) } else if bytes < end, copy.map.isDone { try file.cut(to: end) }
    }
    copy.settling.syncDirectory = { () throws(Errno) in
      // Somebody has removed it meanwhile: what was copied is going to be gone, too.
      if hadName, try file?.status().names == 0 { throw .ENOENT }
      try place?.directory.sync()
    }
    return Target(name: stack.name, isDirect: opened.isDirect, directReason: opened.directReason, copy: copy)
  }
}
