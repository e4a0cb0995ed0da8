/// The pieces that wait for a worker, and who may go: of the writes to one file that takes them one at a time, the first.
///
/// The kernel's own workers do the same. The file system would let one write in and have the other threads spin or sleep
/// on the file's lock, on cores that could read the next chunk meanwhile.
struct WorkQueue {
  /// Pieces for the next worker.
  private(set) var ready = RecordLine()
  /// Writes whose file is being written, or is about to be.
  private var waiting = RecordLine()
  /// Files that have a write in `ready` or with a worker, each once: never more than `Limits.devices`.
  private var writing: [Int32] = []
  var threads = 0
  var idle = 0
  /// True while a worker is on its way that was called to share the work.
  var isCalling = false
  var isStopped = false

  /// Takes a piece in; false: it has to wait for a write to the same file, whose worker will come for it.
  mutating func append(_ record: Stable<PieceRecord>) -> Bool {
    if let file = record.turnFile {
      guard !writing.contains(file) else {
        waiting.append(record)
        return false
      }
      writing.append(file)
    }
    ready.append(record)
    return true
  }

  /// The next piece for a worker, which has just written to `file` if there is one.
  mutating func next(afterWriting file: Int32?) -> Stable<PieceRecord>? {
    if let file { endTurn(of: file) }
    return ready.removeFirst { _ in true }
  }

  /// Lets the next write to a file follow.
  mutating func endTurn(of file: Int32) {
    if let record = waiting.removeFirst(where: { $0.turnFile == file }) {
      ready.append(record)
    } else {
      writing.removeAll { $0 == file }
    }
  }
}

/// Piece records in line, linked through themselves.
struct RecordLine {
  private var first: Stable<PieceRecord>?
  private var last: Stable<PieceRecord>?
  private(set) var count = 0
  private var bytes = 0

  /// How much work the pieces are, in units of a small call.
  var load: Int { count + bytes / Limits.loadBytes }

  /// Puts a record at the end.
  mutating func append(_ record: Stable<PieceRecord>) {
    record.pointee.next = nil
    if let last { last.pointee.next = record } else { first = record }
    last = record
    count += 1
    bytes += record.pointee.length
  }

  /// Takes out the first record that fits.
  mutating func removeFirst(where fits: (Stable<PieceRecord>) -> Bool) -> Stable<PieceRecord>? {
    var before: Stable<PieceRecord>?
    var current = first
    while let record = current {
      if fits(record) {
        let next = record.pointee.next
        if let before { before.pointee.next = next } else { first = next }
        if next == nil { last = before }
        count -= 1
        bytes -= record.pointee.length
        return record
      }
      before = record
      current = record.pointee.next
    }
    return nil
  }
}

extension Stable where Value == PieceRecord {
  /// The file that the piece is going to write in its turn; nil for a piece that waits for no other.
  ///
  /// With FUA, most of a write's time is a wait for the disk without the file's lock, and many can wait together.
  var turnFile: Int32? {
    guard pointee.writesInTurn, pointee.operation.kind == .write else { return nil }
    return pointee.operation.flags.contains(.fua) ? nil : pointee.file
  }
}
