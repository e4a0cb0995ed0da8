/// A piece that a wrapping device sends in place of the one it was given, to change what happens or the answer.
///
/// It is part of the same request, has a range and memory of its own, and when it is answered the handler
/// gets the parent back, to answer it or to send another child. It costs an allocation; a piece that
/// is passed on as it is, or answered at once, costs none.
final class ChildPiece {
  private let record: Stable<PieceRecord>
  private let parent: Stable<PieceRecord>
  private let answered: (consuming Piece, Int) -> Void

  private init(
    of parent: Stable<PieceRecord>, _ record: consuming PieceRecord,
    _ answered: @escaping (consuming Piece, Int) -> Void
  ) {
    self.parent = parent
    self.record = Stable(allocating: record)
    self.answered = answered
  }

  deinit { record.destroy() }

  /// The answer has come: bytes, or a negative errno.
  func answered(_ result: Int) {
    let handler = answered
    let parent = parent
    // The child ends here; what the handler sends next is another one.
    if let own = unsafe record.pointee.child { unsafe own.release() }
    handler(Piece(parent), result)
  }

  /// Makes a child of `parent` that covers bytes `range` of it, with the same memory or with `memory`.
  ///
  /// `memory`, if given, holds `range.count` bytes and lives until the answer. The handler runs on the client's thread.
  static func make(
    of parent: consuming Piece, range: Range<Int>, memory: MemoryCursor? = nil,
    answered: @escaping (consuming Piece, Int) -> Void
  ) -> Piece {
    let parent = parent.intoRecord()
    var record = PieceRecord(client: parent.pointee.client, slot: parent.pointee.slot)
    record.region = parent.pointee.region
    record.operation = parent.pointee.operation
    record.offset = parent.pointee.offset + UInt64(range.lowerBound)
    record.length = range.count
    record.expected = PieceRecord.never
    record.cursor = memory ?? parent.pointee.cursor
    if memory == nil, record.operation.movesData { record.cursor.advance(by: range.lowerBound) }
    let child = ChildPiece(of: parent, record, answered)
    // Why it is right: the record keeps its child, and `answered` lets go of it, once.
    unsafe child.record.pointee.child = Unmanaged.passRetained(child)
    return Piece(child.record)
  }
}
