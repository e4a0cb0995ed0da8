import DMIOTestSupport
import Testing

@testable import DMIO

/// The line in front of the worker threads, without threads.
@Suite struct WorkQueueTests {
  /// Records that nobody carries out; the queue looks at no client and no request.
  private final class Records {
    private(set) var all: [Stable<PieceRecord>] = []

    func make(_ operation: DMIO.Operation, file: Int32, inTurn: Bool = true) -> Stable<PieceRecord> {
      let record = Stable(allocating: PieceRecord(client: Stable(bits: 8), slot: Stable(bits: 8)))
      record.pointee.operation = operation
      record.pointee.file = file
      record.pointee.writesInTurn = inTurn
      all.append(record)
      return record
    }

    deinit { for record in all { record.destroy() } }
  }

  @Test("a write waits for the write to the same file, and for nothing else") func order() {
    let records = Records()
    var queue = WorkQueue()
    let first = records.make(.write, file: 5)
    let second = records.make(.write, file: 5)
    let read = records.make(.read, file: 5)
    let elsewhere = records.make(.write, file: 6)
    let mayGo = [first, second, read, elsewhere].map { queue.append($0) }
    #expect(mayGo == [true, false, true, true])
    let ended: [Int32?] = [nil, nil, nil, nil, 6, 5, 5]
    let taken = ended.map { queue.next(afterWriting: $0) }
    #expect(taken == [first, read, elsewhere, nil, nil, second, nil])
    let isFreeAgain = queue.append(records.make(.write, file: 5))
    #expect(isFreeAgain)
  }

  @Test("writes to a file that takes many at once do not wait, and neither do writes that wait for the disk")
  func together() {
    let records = Records()
    var queue = WorkQueue()
    let many = (0..<3).map { _ in queue.append(records.make(.write, file: 5, inTurn: false)) }
    #expect(many == [true, true, true])
    let durable = (0..<3).map { _ in queue.append(records.make(.write(.fua), file: 6)) }
    #expect(durable == [true, true, true])
  }

  @Test("every piece goes once, a file's writes in their order and one at a time, and no worker rests for nothing")
  func model() {
    var generator = Seeded("work queue")
    let records = Records()
    var queue = WorkQueue()
    var line: [Stable<PieceRecord>] = []
    var working: [Stable<PieceRecord>] = []
    var pushed = 0
    while pushed < 2000 || !line.isEmpty || !working.isEmpty {
      if pushed < 2000, generator.below(3) > 0 {
        let record = records.make(generator.below(3) > 0 ? .write : .read, file: Int32(generator.below(4)))
        _ = queue.append(record)
        line.append(record)
        pushed += 1
      }
      let ended = working.isEmpty || generator.below(2) > 0 ? nil : working.remove(at: generator.below(working.count))
      let writes = Set(working.compactMap(\.turnFile))
      let next = queue.next(afterWriting: ended?.turnFile)
      let mayGo = line.filter { record in record.turnFile.map { !writes.contains($0) } ?? true }
      guard let next else {
        #expect(mayGo.isEmpty, "a piece that may go is left in line")
        continue
      }
      #expect(mayGo.first { $0.turnFile == next.turnFile } == next)
      line.removeAll { $0 == next }
      working.append(next)
    }
    #expect(records.all.count == pushed)
  }
}
