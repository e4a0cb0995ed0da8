/// One piece of one region, given to a device: to be answered exactly once, by whoever holds it.
///
/// A piece is a run of bytes on the device and the memory that they come from or go to. Answering consumes it.
/// A piece that is dropped without an answer counts as failed with EIO, so that no request is ever lost.
///
/// The memory is lent for as long as the piece is held; the device may use it on any thread, and may answer on any.
@safe
public struct Piece: ~Copyable, Sendable {
  let record: Stable<PieceRecord>

  @inline(__always)
  init(_ record: Stable<PieceRecord>) { self.record = record }

  deinit { record.answer(-Int(Errno.EIO.rawValue)) }

  /// What is to be done.
  public var operation: Operation { record.pointee.operation }
  /// The first byte on the device.
  public var offset: UInt64 { record.pointee.offset }
  /// How many bytes; 0 for a flush.
  public var length: Int { record.pointee.length }
  /// The first sector on the device.
  public var startSector: UInt64 { record.pointee.offset / UInt64(Limits.sectorBytes) }
  /// How many sectors; 0 for a flush.
  public var sectorCount: UInt64 { UInt64(record.pointee.length) / UInt64(Limits.sectorBytes) }

  /// Hands out the memory of bytes `range` of the piece (all of it if nil), run by run, in order.
  ///
  /// Only reads and writes have memory.
  public borrowing func forEachRun(_ range: Range<Int>? = nil, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    guard operation.movesData else { return }
    let range = range ?? 0..<length
    precondition(range.lowerBound >= 0 && range.upperBound <= length, "a piece has \(length) bytes")
    var cursor = record.pointee.cursor
    cursor.advance(by: range.lowerBound)
    unsafe cursor.forEachRun(of: range.count, body)
  }

  /// Everything was done.
  public consuming func succeed() {
    let record = record
    discard self
    record.answer(record.pointee.operation.movesData ? record.pointee.length : 0)
  }

  /// The first `bytes` bytes were transferred, and the rest may be asked for again.
  public consuming func succeed(bytes: Int) {
    let record = record
    discard self
    record.answer(max(0, min(bytes, record.pointee.length)))
  }

  /// Nothing was transferred.
  public consuming func fail(_ errno: Errno) {
    let record = record
    discard self
    record.answer(errno.rawValue > 0 ? -Int(errno.rawValue) : -Int(Errno.EIO.rawValue))
  }

  /// Has `resume` go on with the piece after `milliseconds`, on the client's thread. Any thread.
  public consuming func wait(milliseconds: UInt64, then resume: @escaping @Sendable (consuming Piece) -> Void) {
    let record = record
    discard self
    let client = record.pointee.client
    if client.isOwner { return client.putOff(record, milliseconds: milliseconds, resume) }
    client.pointee.mailbox.leave {
      $0.commands.append { client.putOff(record, milliseconds: milliseconds, resume) }
    }
  }

  /// Sends the piece to a file of the client's engine; the engine answers it. Any thread.
  consuming func send(to file: FileBackend) {
    let record = record
    discard self
    let client = record.pointee.client
    record.pointee.file = file.descriptor
    record.pointee.ringFile = RingFile(descriptor: file.descriptor, isDirect: file.report.isDirect)
    record.pointee.isBlockFile = file.isBlock
    record.pointee.isRingLane = client.pointee.ringOnly || file.supportsNowait
    record.pointee.isInMemory = file.report.isInMemory
    record.pointee.writesInTurn = file.writesInTurn
    if client.isOwner { client.sendToFile(record) } else { client.push(.transfer(record)) }
  }

  /// Gives up the token without an answer: the record is held elsewhere now.
  consuming func intoRecord() -> Stable<PieceRecord> {
    let record = record
    discard self
    return record
  }
}

extension Stable where Value == PieceRecord {
  /// Brings an answer to the client's thread: at once if this is it, else through the mailbox.
  func answer(_ result: Int) {
    let client = pointee.client
    if client.isOwner {
      client.complete(self, result)
    } else {
      pointee.result = result
      client.push(.answer(self))
    }
  }
}

extension Stable where Value == ClientState {
  /// Leaves a node for the client's thread. With the last answer of a client that is ending the state may be gone before
  /// this returns: the mailbox, which has to wake a thread yet, is kept.
  fileprivate func push(_ node: Mailbox.Node) {
    let mailbox = pointee.mailbox
    withExtendedLifetime(mailbox) { mailbox.push(node) }
  }
}
