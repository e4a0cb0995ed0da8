internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport

/// A disk in memory that a test looks into: what it holds, what it was asked, in which order, and before each answer a word of
/// the test's own.
final class Disk: BlockBackend {
  let geometry: Geometry
  private let content: Box<[UInt8]>
  let operands = Box<[Operand]>([])
  /// Asked before anything is done: nil to go on, or an error that is the answer. Called on the client's thread.
  private let answer: @Sendable (Operand) -> Errno?

  /// A disk of `sectors` sectors with these bytes, or zeros.
  init(
    _ sectors: Int, _ bytes: [UInt8]? = nil, block: Int = 512, zeroes: Bool = false,
    answer: @escaping @Sendable (Operand) -> Errno? = { _ in nil }
  ) {
    geometry = Geometry(
      bytes: UInt64(sectors * 512), logicalBlock: block, writeZeroesSectors: zeroes ? 1 << 31 : 0)
    content = Box(bytes ?? [UInt8](repeating: 0, count: sectors * 512))
    self.answer = answer
  }

  /// A disk whose bytes follow from a seed.
  static func filled(_ sectors: Int, seed: UInt64 = 1, block: Int = 512) -> Disk {
    Disk(sectors, pattern(sectors * 512, seed), block: block)
  }

  func submit(_ piece: consuming Piece) {
    let operand = Operand(piece.operation.kind, piece.startSector, piece.sectorCount, runs: 0, piece.operation.flags)
    operands.change { $0.append(operand) }
    if let errno = answer(operand) { return piece.fail(errno) }
    content.change { carryOut(piece, &$0) }
    piece.succeed()
  }

  func close() {}

  private func carryOut(_ piece: borrowing Piece, _ bytes: inout [UInt8]) {
    let (start, count, kind) = (Int(piece.offset), piece.length, piece.operation.kind)
    unsafe bytes.withUnsafeMutableBytes { disk in
      var next = start
      switch kind {
      case .read:
        unsafe piece.forEachRun { run in
          unsafe run.copyMemory(from: UnsafeRawBufferPointer(rebasing: disk[next..<next + run.count]))
          next += run.count
        }
      case .write:
        unsafe piece.forEachRun { run in
          unsafe UnsafeMutableRawBufferPointer(rebasing: disk[next..<next + run.count]).copyMemory(
            from: UnsafeRawBufferPointer(run))
          next += run.count
        }
      case .discard, .writeZeroes:
        _ = unsafe UnsafeMutableRawBufferPointer(rebasing: disk[start..<start + count]).initializeMemory(
          as: UInt8.self, repeating: 0)
      case .flush: break
      }
    }
  }

  /// A new handle for it.
  var device: BlockDevice { get throws { try BlockDevice(self, name: "disk") } }

  /// A new handle for it that spoils operations by rules.
  func device(_ rules: [FaultPlan.Rule]) throws -> BlockDevice {
    try BlockDevice.fault(device, FaultPlan(rules: rules))
  }

  /// All that it holds.
  var bytes: [UInt8] { content.value }

  /// What sectors hold.
  func bytes(_ sectors: Range<Int>) -> [UInt8] {
    Array(content.value[sectors.lowerBound * 512..<sectors.upperBound * 512])
  }

  /// The operations of one kind, in their order.
  func asked(_ kind: DMIO.Operation.Kind) -> [Operand] { operands.value.filter { $0.kind == kind } }
}

/// `bytes` with zeros in the place of some sectors.
func zeroed(_ bytes: [UInt8], _ sectors: Range<Int>...) -> [UInt8] {
  var bytes = bytes
  for range in sectors {
    bytes.replaceSubrange(
      range.lowerBound * 512..<range.upperBound * 512, with: [UInt8](repeating: 0, count: range.count * 512))
  }
  return bytes
}

extension [Extent] {
  /// The same as plain values, for comparisons.
  var plain: [Range<UInt64>: Errno?] { Dictionary(uniqueKeysWithValues: map { ($0.sectors, $0.errno) }) }
}
