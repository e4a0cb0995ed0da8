internal import DMIOCopy
internal import DMIOTestSupport
internal import Testing

/// The map of a copy, against an array that holds one status a sector.
@Suite struct SectorMapTests {
  /// The plain way to keep a map.
  private struct Model {
    var statuses: [SectorMap.Status]

    mutating func mark(_ sectors: Range<Int>, _ status: SectorMap.Status) {
      for sector in sectors.clamped(to: 0..<statuses.count) { statuses[sector] = status }
    }

    /// The runs that lie in `range`.
    func runs(in range: Range<Int>) -> [SectorMap.Run] {
      var runs: [SectorMap.Run] = []
      for sector in range.clamped(to: 0..<statuses.count) {
        if let last = runs.last, last.status == statuses[sector] {
          runs[runs.count - 1].sectors = last.sectors.lowerBound..<UInt64(sector + 1)
        } else {
          runs.append(SectorMap.Run(UInt64(sector)..<UInt64(sector + 1), statuses[sector]))
        }
      }
      return runs
    }

    func first(from start: Int, where isWanted: (SectorMap.Status) -> Bool) -> Range<UInt64>? {
      guard start < statuses.count, let begin = statuses[start...].firstIndex(where: isWanted) else { return nil }
      let end = statuses[begin...].firstIndex { !isWanted($0) } ?? statuses.count
      return UInt64(begin)..<UInt64(end)
    }
  }

  @Test("a map says after any marks what an array of statuses says")
  func marks() {
    var random = Seeded("a map")
    for _ in 0..<scaled(200) {
      let sectors = random.once(in: 20) ? 0 : 1 + random.below(40)
      let first = random.status
      var map = SectorMap(sectors: UInt64(sectors), first)
      var model = Model(statuses: Array(repeating: first, count: sectors))
      for _ in 0..<60 {
        let (range, status) = (random.range(below: sectors + 5), random.status)
        map.mark(UInt64(range.lowerBound)..<UInt64(range.upperBound), status)
        model.mark(range, status)
        check(map, model, &random)
      }
      map.reopen()
      for (sector, status) in model.statuses.enumerated() where status != .done { model.statuses[sector] = .untried }
      check(map, model, &random)
    }
  }

  private func check(_ map: SectorMap, _ model: Model, _ random: inout Seeded) {
    let count = model.statuses.count
    #expect(map.runs == model.runs(in: 0..<count))
    #expect(map.sectors == UInt64(count))
    #expect(map.isDone == model.statuses.allSatisfy { $0 == .done })
    for status in SectorMap.Status.allCases {
      #expect(map.count(of: status) == UInt64(model.statuses.count { $0 == status }))
    }
    let range = random.range(below: count + 5)
    #expect(map.runs(in: UInt64(range.lowerBound)..<UInt64(range.upperBound)) == model.runs(in: range))
    let (start, wanted) = (random.below(count + 3), Set([random.status, random.status]))
    #expect(map.first(from: UInt64(start), where: wanted.contains) == model.first(from: start, where: wanted.contains))
    guard count > 0 else { return }
    let sector = random.below(count)
    #expect(map.status(of: UInt64(sector)) == model.statuses[sector])
  }

  @Test("a map of a terabyte with marks far apart is as small as its marks are few")
  func largeMap() {
    var map = SectorMap(sectors: 1 << 41)
    for step in UInt64(0)..<100 { map.mark(step << 34..<(step << 34) + 8, .done) }
    #expect(map.runs.count == 200)
    #expect(map.count(of: .done) == 800)
    #expect(map.first(from: 8, where: { $0 == .done }) == UInt64(17_179_869_184)..<17_179_869_192)
    map.mark(0..<1 << 41, .done)
    #expect(map.runs == [SectorMap.Run(0..<1 << 41, .done)])
  }
}

extension Seeded {
  fileprivate var status: SectorMap.Status {
    mutating get { SectorMap.Status.allCases[below(SectorMap.Status.allCases.count)] }
  }

  /// A range with its end below or at `end`; an empty one now and then.
  mutating func range(below end: Int) -> Range<Int> {
    let (one, other) = (below(end + 1), below(end + 1))
    return min(one, other)..<max(one, other)
  }
}
