import DMIO

/// What a device was given: one piece, as a plain value.
package struct Operand: Hashable, Sendable {
  package var kind: DMIO.Operation.Kind
  package var sector: UInt64
  package var count: UInt64
  /// Runs of memory; 0 where none is transferred.
  package var runs: Int
  package var flags: DMIO.Operation.Flags

  package init(
    _ kind: DMIO.Operation.Kind, _ sector: UInt64, _ count: UInt64, runs: Int, _ flags: DMIO.Operation.Flags = []
  ) {
    self.kind = kind
    self.sector = sector
    self.count = count
    self.runs = runs
    self.flags = flags
  }

  init(_ piece: borrowing Piece) {
    var runs = 0
    if piece.operation.kind == .read || piece.operation.kind == .write {
      var end: UInt = 0
      piece.forEachRun { run in
        let start = UInt(bitPattern: run.baseAddress)
        if start != end { runs += 1 }
        end = start + UInt(run.count)
      }
    }
    self.init(piece.operation.kind, piece.startSector, piece.sectorCount, runs: runs, piece.operation.flags)
  }
}

/// A device that notes what it is given, and passes it on to the next.
package final class RecordingDevice: BlockBackend {
  package let geometry: Geometry
  package let operands = Box<[Operand]>([])
  private let next: BlockDevice?
  private let tracked: Tracked?

  /// Passes on to `next`; without one answers with success and transfers nothing.
  package init(_ geometry: Geometry, over next: BlockDevice? = nil, _ tracked: Tracked? = nil) {
    self.geometry = geometry
    self.next = next
    self.tracked = tracked
  }

  package func submit(_ piece: consuming Piece) {
    let operand = Operand(piece)
    operands.change { $0.append(operand) }
    if let next { next.submit(piece) } else { piece.succeed() }
  }

  package func close() {}

  package var device: BlockDevice { get throws { try BlockDevice(self, name: "recording") } }
}

/// A device that holds every piece back until the test answers it.
package final class HeldDevice: BlockBackend {
  package let geometry: Geometry
  private let held = Box<[HeldPiece]>([])
  private let seen = Box(0)
  private let tracked: Tracked?

  package init(
    _ geometry: Geometry = Geometry(bytes: 1 << 30, discardSectors: 1 << 20, writeZeroesSectors: 1 << 20),
    _ tracked: Tracked? = nil
  ) {
    self.geometry = geometry
    self.tracked = tracked
  }

  package func submit(_ piece: consuming Piece) {
    let operand = Operand(piece)
    let kept = HeldPiece(operand, piece)
    held.change { $0.append(kept) }
    seen.change { $0 += 1 }
  }

  package func close() {}

  package var device: BlockDevice { get throws { try BlockDevice(self, name: "held") } }

  /// Pieces that came, ever.
  package var count: Int { seen.value }

  /// Waits until `count` pieces have come, ever.
  package func wait(_ count: Int) { seen.wait { $0 >= count } }

  /// Takes the pieces that are held now.
  package func takeAll() -> [HeldPiece] {
    held.change { held in
      defer { held = [] }
      return held
    }
  }

  /// Waits for a piece and takes the oldest.
  package func next() -> HeldPiece {
    held.wait { !$0.isEmpty }
    return held.change { $0.removeFirst() }
  }
}

/// A piece in the hands of a test: to be answered once, on any thread; one that is let go is dropped.
// Why unchecked: whoever took it out of its device answers it, nobody else.
package final class HeldPiece: @unchecked Sendable {
  package let operand: Operand
  private let place = UnsafeMutablePointer<Piece>.allocate(capacity: 1)
  private var isHeld = true

  init(_ operand: Operand, _ piece: consuming Piece) {
    self.operand = operand
    place.initialize(to: piece)
  }

  deinit {
    if isHeld { place.deinitialize(count: 1) }
    place.deallocate()
  }

  private func take() -> Piece {
    precondition(isHeld, "answered twice")
    isHeld = false
    return place.move()
  }

  package func succeed() { take().succeed() }
  package func succeed(bytes: Int) { take().succeed(bytes: bytes) }
  package func fail(_ errno: Errno) { take().fail(errno) }
  /// Hands the piece on to another device.
  package func send(to device: BlockDevice) { device.submit(take()) }

  /// Sets the first `count` bytes of the piece's memory.
  package func fill(_ byte: UInt8, count: Int) {
    place.pointee.forEachRun(0..<count) { run in _ = run.initializeMemory(as: UInt8.self, repeating: byte) }
  }
}

/// A disk that is watched: what its client sends is recorded, spoiled by a plan, and carried out by a file.
package struct WatchedDisk: Sendable {
  package let file: TemporaryDisk
  package let fault: BlockDevice
  package let recorder: RecordingDevice
  package let device: BlockDevice

  /// A file of `bytes` bytes opened with O_DIRECT, whose pieces are at most `pieceBytes` long.
  package init(
    bytes: Int = 1 << 20, pieceBytes: Int = Limits.pieceBytes, discardSectors: UInt64? = nil,
    _ rules: [FaultPlan.Rule] = [], logicalBlock: Int? = nil, direct: Bool = true
  ) throws {
    file = try TemporaryDisk(bytes: bytes)
    fault = try BlockDevice.fault(
      file.open(direct: direct),
      FaultPlan(geometry: FaultPlan.GeometryOverride(logicalBlock: logicalBlock), rules: rules))
    var geometry = fault.geometry
    geometry.pieceBytes = pieceBytes
    if let discardSectors { (geometry.discardSectors, geometry.writeZeroesSectors) = (discardSectors, discardSectors) }
    recorder = RecordingDevice(geometry, over: fault)
    device = try recorder.device
  }

  package var operands: [Operand] { recorder.operands.value }

  package func region(_ start: Int, _ count: Int) -> Region {
    Region(device, start: UInt64(start), count: UInt64(count))
  }

  /// What the file really holds of a run of sectors.
  package func contents(_ start: Int, _ count: Int) -> [UInt8] { file.contents(start * 512, count * 512) }
}
