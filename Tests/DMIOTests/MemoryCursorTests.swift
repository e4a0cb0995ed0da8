import CDMIOSystem
import DMIOTestSupport
import Testing

@testable import DMIO

/// The cursor against plain arrays of bytes.
@Suite struct MemoryCursorTests {
  private static let count = 6 * 4096

  @Test("walking in steps of any size reads every byte once, and a copy is the rewind", arguments: Bytes.Form.all)
  func walk(form: Bytes.Form) {
    let memory = Bytes(form, count: Self.count)
    let bytes = pattern(Self.count)
    memory.contents = bytes
    let start = memory.memory.start
    for step in [1, 7, 511, 512, 513, 4095, 4096, 10_000, Self.count] {
      var cursor = start
      var seen: [UInt8] = []
      while seen.count < Self.count {
        cursor.forEachRun(of: min(step, Self.count - seen.count)) { seen.append(contentsOf: $0) }
      }
      #expect(seen == bytes)
    }
    #expect(start == memory.memory.start)
  }

  @Test("advancing is the same as walking", arguments: Bytes.Form.all) func advance(form: Bytes.Form) {
    var generator = Seeded("advance")
    let memory = Bytes(form, count: Self.count)
    memory.contents = pattern(Self.count)
    for _ in 0..<200 {
      let (first, length) = (generator.below(Self.count), generator.below(600) + 1)
      var cursor = memory.memory.start
      cursor.advance(by: first)
      var seen: [UInt8] = []
      cursor.forEachRun(of: min(length, Self.count - first)) { seen.append(contentsOf: $0) }
      #expect(seen == Array(pattern(Self.count)[first..<min(first + length, Self.count)]))
    }
  }

  @Test("zeroing and copying touch exactly their bytes", arguments: Bytes.Form.all) func change(form: Bytes.Form) {
    var generator = Seeded("change")
    let memory = Bytes(form, count: Self.count)
    var model = pattern(Self.count)
    memory.contents = model
    for round in 0..<100 {
      let first = generator.below(Self.count)
      let length = generator.below(Self.count - first) + 1
      var cursor = memory.memory.start
      cursor.advance(by: first)
      if round.isMultiple(of: 2) {
        cursor.zero(length)
        for index in first..<first + length { model[index] = 0 }
      } else {
        let source = Bytes(Bytes.Form.all[generator.below(Bytes.Form.all.count)], count: length)
        source.contents = pattern(length, UInt64(round))
        source.memory.start.copy(length, to: cursor)
        model.replaceSubrange(first..<first + length, with: pattern(length, UInt64(round)))
      }
      #expect(memory.contents == model)
      #expect(memory.isGuardIntact)
    }
  }

  @Test("vectors are the runs of the memory, adjacent ones joined, and no more than may be", arguments: Bytes.Form.all)
  func gather(form: Bytes.Form) {
    var generator = Seeded("gather")
    let memory = Bytes(form, count: Self.count)
    let vectors = UnsafeMutablePointer<dmio_vector>.allocate(capacity: 64)
    defer { vectors.deallocate() }
    for _ in 0..<200 {
      let first = generator.below(Self.count)
      let length = generator.below(Self.count - first) + 1
      var cursor = memory.memory.start
      cursor.advance(by: first)
      var runs: [Range<UInt>] = []
      var walking = cursor
      walking.forEachRun(of: length) { run in
        let start = UInt(bitPattern: run.baseAddress)
        if let last = runs.last, last.upperBound == start {
          runs[runs.count - 1] = last.lowerBound..<start + UInt(run.count)
        } else {
          runs.append(start..<start + UInt(run.count))
        }
      }
      #expect(cursor.gather(length, into: vectors, most: 64) == runs.count)
      let gathered = (0..<runs.count).map { index in
        let start = UInt(bitPattern: vectors[index].base)
        return start..<start + UInt(vectors[index].length)
      }
      #expect(gathered == runs)
      #expect(cursor.gather(length, into: vectors, most: runs.count) == runs.count)
      #expect(cursor.gather(length, into: vectors, most: runs.count - 1) >= runs.count)
    }
  }
}
