internal import DMIO
internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// Extents, against an array that holds one error a sector.
@Suite struct ExtentsTests {
  @Test("extents say after any adds and removes what an array of errors says")
  func againstArray() {
    var random = Seeded("extents")
    for _ in 0..<scaled(300) {
      var extents = Extents()
      // What is noted of a sector: nothing, or an errno, which may be none.
      var model = [Errno??](repeating: nil, count: 40)
      for _ in 0..<40 {
        let range = random.range(below: 40)
        let sectors = UInt64(range.lowerBound)..<UInt64(range.upperBound)
        if random.once(in: 3) {
          extents.remove(sectors)
          for sector in range { model[sector] = .none }
        } else {
          let errno: Errno? = [.EIO, .ENOSPC, nil][random.below(3)]
          extents.add(sectors, errno)
          for sector in range { model[sector] = .some(errno) }
        }
        #expect(extents.list == merged(model))
        #expect(extents.isEmpty == model.allSatisfy { $0 == nil })
      }
    }
  }

  private func merged(_ model: [Errno??]) -> [Extent] {
    var result: [Extent] = []
    for (sector, noted) in model.enumerated() {
      guard let errno = noted else { continue }
      if let last = result.last, last.end == UInt64(sector), last.errno == errno {
        result[result.count - 1].count += 1
      } else {
        result.append(Extent(sector: UInt64(sector), count: 1, errno: errno))
      }
    }
    return result
  }

  @Test("neighbours that were noted out of order become one, those of another errno stay apart")
  func neighbours() {
    var extents = Extents()
    extents.add(8..<16, .EIO)
    extents.add(0..<8, .EIO)
    extents.add(16..<17, .ENOSPC)
    extents.add(20..<20, .EIO)
    #expect(
      extents.list == [
        Extent(sector: 0, count: 16, errno: .EIO), Extent(sector: 16, count: 1, errno: .ENOSPC),
      ])
    extents.remove(4..<12)
    #expect(extents.list.map(\.sectors) == [0..<4, 12..<16, 16..<17])
  }
}
