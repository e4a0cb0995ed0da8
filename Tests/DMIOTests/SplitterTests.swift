import DMIOTestSupport
import Testing

@testable import DMIO

/// The splitter over every small size, against what a byte-by-byte look at the memory says.
@Suite struct SplitterTests {
  /// Memory of a shape, with the address of every sector's worth of bytes known beforehand.
  private struct Shape {
    let memory: Bytes
    /// Lengths of the runs, adjacent ones already one, and where each begins.
    var runs: [(address: UInt, length: Int)]

    init(_ form: Bytes.Form, sectors: Int) {
      memory = Bytes(form, count: sectors * 512)
      runs = []
      var cursor = memory.memory.start
      for _ in 0..<sectors {
        let run = cursor.nextRun(limit: 1)
        cursor.advance(by: 511)
        if let last = runs.last, last.address + UInt(last.length) == run.address {
          runs[runs.count - 1].length += 512
        } else {
          runs.append((run.address, 512))
        }
      }
    }

    /// The runs of bytes `range`.
    func part(_ range: Range<Int>) -> [(address: UInt, length: Int)] {
      var at = 0
      var found: [(address: UInt, length: Int)] = []
      for run in runs {
        let (first, end) = (max(at, range.lowerBound), min(at + run.length, range.upperBound))
        if first < end { found.append((run.address + UInt(first - at), end - first)) }
        at += run.length
      }
      return found
    }
  }

  private static let forms: [Bytes.Form] = [
    .contiguous(shift: 0), .contiguous(shift: 512), .contiguous(shift: 256), .pages(offset: 0), .pages(offset: 512),
    .pages(offset: 2048), .pages(offset: 3584), .vectors([512], shift: 0), .vectors([1024, 512], shift: 0),
    .vectors([4096, 0, 512], shift: 0), .vectors([4096], shift: 512), .vectors([8192, 4096], shift: 0),
    .vectors([1536, 2560], shift: 64), .vectors([2048], shift: 2048),
  ]

  @Test("the pieces of every small region cover it once, within all limits, and tell the truth", arguments: forms)
  func everySmallSize(form: Bytes.Form) {
    for sectors in 1...40 {
      let shape = Shape(form, sectors: sectors)
      for block in [512, 1024, 4096] where sectors * 512 % block == 0 {
        for alignment in [1, 512, 4096] {
          for runs in [1, 2, 3, 8] {
            for longest in [block, 2 * block, 5 * block, 1 << 20] {
              let geometry = Geometry(
                bytes: 1 << 40, logicalBlock: block, memoryAlignment: alignment, pieceBytes: longest, pieceRuns: runs)
              if let wrong = wrong(shape, geometry) {
                Issue.record("\(form), \(sectors) sectors, \(geometry): \(wrong)")
                return
              }
            }
          }
        }
      }
    }
  }

  /// What is wrong with the pieces of a region as long as the memory; nil when nothing is.
  private func wrong(_ shape: Shape, _ geometry: Geometry) -> String? {
    var cursor = shape.memory.memory.start
    var done = 0
    while done < shape.memory.count {
      let remaining = shape.memory.count - done
      let extent = Splitter.next(cursor, remaining: remaining, longest: geometry.pieceBytes, geometry: geometry)
      let most = min(remaining, geometry.pieceBytes)
      guard extent.bytes >= 0, extent.bytes <= most else { return "at \(done): \(extent.bytes) bytes of \(most)" }
      guard extent.bytes % geometry.logicalBlock == 0 else { return "at \(done): \(extent.bytes) is no whole block" }
      let bytes = extent.bytes == 0 ? geometry.logicalBlock : extent.bytes
      let runs = shape.part(done..<done + bytes)
      if extent.bytes == 0 {
        guard !extent.isAligned, runs.count > geometry.pieceRuns else {
          return "at \(done): nothing, though a block fits"
        }
      } else {
        guard runs.count <= geometry.pieceRuns else { return "at \(done): \(runs.count) runs" }
        // Cut off in the middle of a block it may say less than it could: the piece is then bounced without need.
        if extent.isAligned != isAligned(runs, geometry), extent.isAligned || extent.bytes == most {
          return "at \(done): says aligned \(extent.isAligned) of \(runs)"
        }
        let next = done + bytes + geometry.logicalBlock
        if next <= done + most, shape.part(done..<next).count <= geometry.pieceRuns {
          return "at \(done): could be longer"
        }
      }
      cursor.advance(pastPiece: bytes)
      done += bytes
    }
    return done == shape.memory.count ? nil : "covers \(done) bytes"
  }

  private func isAligned(_ runs: [(address: UInt, length: Int)], _ geometry: Geometry) -> Bool {
    runs.allSatisfy { run in
      run.address % UInt(geometry.memoryAlignment) == 0
        && (geometry.memoryAlignment == 1 || run.length % geometry.logicalBlock == 0)
    }
  }

  @Test("a region that fits into one operation is one") func oneOperation() {
    for pages in 1...256 {
      let memory = Bytes(.pages(offset: 0), count: pages * 4096)
      let geometry = Geometry(bytes: 1 << 40, memoryAlignment: 512)
      let extent = Splitter.next(
        memory.memory.start, remaining: pages * 4096, longest: geometry.pieceBytes, geometry: geometry)
      #expect(extent.bytes == pages * 4096 && extent.runs == pages && extent.isAligned)
      var behind = memory.memory.start
      behind.advance(by: extent.bytes)
      #expect(extent.end == behind)
    }
  }

  @Test("the bytes of a result become progress, padding or failure as the block says", arguments: [512, 4096])
  func outcomes(block: Int) {
    let geometry = Geometry(bytes: 1 << 30, logicalBlock: block)
    for length in stride(from: block, through: 4 * block, by: block) {
      for result in stride(from: 0, through: length, by: 256) {
        for kind in [DMIO.Operation.Kind.read, .write] {
          let outcome = Outcome.of(result, kind, offset: 0, length: length, geometry)
          let whole = result / block * block
          #expect(outcome == (result == length ? .done : whole > 0 ? .progress(whole) : .failed(.EIO)))
        }
      }
      for errno in [Errno.EINTR, .EAGAIN] {
        #expect(Outcome.of(-Int(errno.rawValue), .write, offset: 0, length: length, geometry) == .again)
      }
      #expect(Outcome.of(-28, .write, offset: 0, length: length, geometry) == .failed(.ENOSPC))
    }
  }
}
