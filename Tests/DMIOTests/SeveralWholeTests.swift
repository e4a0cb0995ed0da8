import DMIO
import DMIOTestSupport
import Testing

/// Requests of several regions, each of which is one transfer of the ring.
@Suite struct SeveralWholeTests {
  private static let forms: [Bytes.Form] = [
    .contiguous(shift: 0), .pages(offset: 0), .vectors([1024, 3072], shift: 0),
  ]

  @Test("each region gets its own bit, errno and sector, whichever of them fail", arguments: forms.indices, [8, 5])
  func ownBits(form: Int, lastCount: UInt64) throws {
    let client = try BlockClient(pages: 16, kind: .driven, engine: .uring)
    let (disk, sealed) = (try TemporaryDisk(bytes: 1 << 16), try SealedFile())
    let memory = Bytes(Self.forms[form], count: 4096)
    memory.contents = pattern(4096, 9)
    let good = try disk.open(direct: false)
    func regions(_ failing: Set<Int>) -> [Region] {
      (0..<4).map { index in
        let count = index == 3 ? lastCount : 8
        return Region(failing.contains(index) ? sealed.device : good, start: UInt64(8 * index), count: count)
      }
    }
    // Both are known, and nothing fails yet.
    #expect(try client.performBlocking(.write, regions([1, 2]), memory.memory).isSuccess)
    try #require(sealed.seal())
    for failing in [[], [0], [1], [2], [3], [0, 3], [1, 2], [0, 1, 2, 3]] as [Set<Int>] {
      let result = try client.performBlocking(.write, regions(failing), memory.memory)
      #expect(Set(result.errors.indices) == failing)
      for index in failing {
        #expect(result.failure(of: index)?.errno == .EPERM)
        #expect(result.failure(of: index)?.sector == UInt64(8 * index))
      }
    }
    for index in 0..<4 {
      let bytes = index == 3 ? 512 * Int(lastCount) : 4096
      #expect(disk.contents(4096 * index, bytes) == Array(pattern(4096, 9)[..<bytes]))
    }
  }
}
