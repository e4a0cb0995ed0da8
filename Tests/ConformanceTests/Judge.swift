import DMIO
import Glibc

/// What a door gave back for one line.
struct Answer {
  /// 0, or the negative errno of a C caller.
  var returned: Int32 = 0
  /// The bits that were delivered; nil when the call was refused.
  var bits: UInt64?
  /// First error and sector, one entry a region; nil for a region that did not fail, and for an interface without.
  var failures: [RegionFailure?]? = []
  var callbacks = 0

  static func refused(_ error: BlockError) -> Answer { Answer(returned: -error.errno.rawValue) }
}

/// Compares an answer with the recorded one, and what is on the disks with the model.
struct Judge {
  let door: Door
  let disks: TestDisks
  let memory: RequestMemory

  /// What differs; empty if all is as it has to be.
  func differences(_ line: RecordedLine, _ answer: Answer) throws -> [String] {
    if line.isReadOfSeveral {
      let isSame = answer.returned == line.returned && answer.bits == nil && answer.callbacks == 0
      return isSame ? [] : ["a read of several regions returned \(answer.returned)"]
    }
    var found: [String] = []
    let returned = door.isBlocking && (line.bits ?? 0) != 0 ? -Errno.EIO.rawValue : 0
    if answer.returned != returned { found.append("returned \(answer.returned), not \(returned)") }
    if line.async == !door.isBlocking, returned != line.returned {
      found.append("recorded as returning \(line.returned)")
    }
    if answer.bits != line.bits { found.append("bits \(hex(answer.bits)), not \(hex(line.bits))") }
    let callbacks = door.isBlocking ? 0 : 1
    if answer.callbacks != callbacks { found.append("\(answer.callbacks) callbacks, not \(callbacks)") }
    guard let bits = answer.bits, found.isEmpty else { return found }
    if let failures = answer.failures {
      found += line.regions.indices.compactMap { wrongFailure(line, $0, bits, failures) }
    }
    if line.op == .read { found += wrongRead(line, bits) }
    if memory.wasDamaged(exceptData: line.op == .read) {
      found.append("memory was changed that is not the request's to change")
    }
    found += try wrongDisks(line, bits)
    return found
  }

  private func hex(_ bits: UInt64?) -> String { bits.map { "0x" + String($0, radix: 16) } ?? "none" }

  // The detail that the kernel does not give.

  private func wrongFailure(
    _ line: RecordedLine, _ index: Int, _ bits: UInt64, _ failures: [RegionFailure?]
  ) -> String? {
    let failure = failures.indices.contains(index) ? failures[index] : nil
    guard bits & 1 << UInt64(index) != 0 else {
      return failure.map { "region \(index) has no bit but \($0)" }
    }
    guard let failure else { return "region \(index) has a bit but no errno" }
    let region = line.regions[index]
    let refusals = refusals(line, region)
    if !refusals.isEmpty {
      let isRight = refusals.contains(failure.errno) && failure.sector == UInt64(region.start)
      return isRight ? nil : "region \(index) was refused with \(failure), not \(refusals) at \(region.start)"
    }
    // A piece fails as a whole, so the first failed sector is where the piece with the first bad one begins.
    let firstBad = region.sectors.clamped(to: disks[region.device].badSectors).lowerBound
    let longestPiece = Limits.pieceBytes / Limits.sectorBytes
    let isOnePiece = line.memory == .vm || line.memory == .kmem
    let pieces = isOnePiece && region.count <= longestPiece
    let first = pieces ? region.start...region.start : max(region.start, firstBad - longestPiece + 1)...firstBad
    let isRight = failure.errno == .EIO && first.contains(Int(failure.sector))
    return isRight ? nil : "region \(index) failed with \(failure), not EIO in \(first)"
  }

  /// Why nothing of a region may be submitted; empty if it fits its device.
  private func refusals(_ line: RecordedLine, _ region: RecordedRegion) -> [Errno] {
    let disk = disks[region.device]
    var refusals: [Errno] = []
    if region.start % disk.logicalBlockSectors != 0 || region.count % disk.logicalBlockSectors != 0 {
      refusals.append(.EINVAL)
    }
    if region.start + region.count > TestDisk.sectors { refusals.append(.EIO) }
    if line.op == .discard, disk.number != 6 { refusals.append(.EOPNOTSUPP) }
    if line.op == .write_zeroes, disk.number != 5 { refusals.append(.EOPNOTSUPP) }
    return refusals
  }

  // The bytes that were read.

  private func wrongRead(_ line: RecordedLine, _ bits: UInt64) -> [String] {
    memory.gather()
    guard let region = line.regions.first, region.count > 0 else { return [] }
    let disk = disks[region.device]
    let isRefused = !refusals(line, region).isEmpty
    let wrong = (0..<region.count).first { index in
      let sector = region.start + index
      let bytes = memory.bytes + index * TestDisk.sectorBytes
      if bits == 0 { return disk.isKnown(sector) && memcmp(bytes, disk.address(sector), TestDisk.sectorBytes) != 0 }
      if memcmp(bytes, Zeros.bytes, TestDisk.sectorBytes) == 0 { return false }
      // Zero is what a failed piece leaves; a piece that did not fail holds what is on the disk.
      if isRefused || disk.badSectors.contains(sector) { return true }
      return disk.isKnown(sector) && memcmp(bytes, disk.address(sector), TestDisk.sectorBytes) != 0
    }
    return wrong.map { ["read something else at sector \(region.start + $0) of device \(region.device)"] } ?? []
  }

  // The bytes that were written, and those that were not to be.

  private func wrongDisks(_ line: RecordedLine, _ bits: UInt64) throws -> [String] {
    var found: [String] = []
    for (index, region) in line.regions.enumerated() where region.count > 0 {
      update(line, region, isFailed: bits & 1 << UInt64(index) != 0)
    }
    var readBack = 0
    for (index, region) in line.regions.enumerated() where region.count > 0 && region.start < TestDisk.sectors {
      let sectors = region.sectors.clamped(to: 0..<TestDisk.sectors)
      if let wrong = try disks[region.device].firstWrongSector(around: sectors) {
        found.append("region \(index): sector \(wrong) of device \(region.device) holds something else")
      } else if bits & 1 << UInt64(index) == 0 {
        readBack += 1
      }
    }
    if line.op == .write, found.isEmpty, readBack != line.read_back_ok {
      found.append("\(readBack) regions were read back, not \(line.read_back_ok)")
    }
    return found
  }

  private func update(_ line: RecordedLine, _ region: RecordedRegion, isFailed: Bool) {
    let disk = disks[region.device]
    // Nothing of a region that does not fit is submitted, so nothing becomes unknown either.
    guard refusals(line, region).isEmpty else { return }
    switch line.op {
    case .read, .flush: break
    case .discard: disk.forget(region.sectors)
    case .write, .write_zeroes:
      if isFailed {
        disk.forget(region.sectors)
      } else if line.op == .write {
        disk.write(region.sectors, from: memory.bytes)
      } else {
        disk.zero(region.sectors)
      }
    }
  }
}

enum Zeros {
  nonisolated(unsafe) static let bytes: UnsafeRawPointer = {
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 8)
    memset(bytes, 0, 512)
    return UnsafeRawPointer(bytes)
  }()
}
