import Testing

@testable import dmio_cli

/// What a picture of a copy is made from.
@Suite struct CopyDrawingTests {
  private func samples(_ states: [(seconds: Double, bytes: UInt64, bad: UInt64)]) -> Samples {
    var samples = Samples([.init()])
    for state in states {
      samples.add(.init(seconds: state.seconds, counts: [.init(bytes: state.bytes, bad: state.bad)]))
    }
    return samples
  }

  @Test("a copy of days has as many samples as one of a minute, from its beginning to its end") func bounded() {
    var samples = Samples([.init()])
    for tick in 1...1_000_000 {
      let seconds = Double(tick) / 10
      if samples.isDue(at: seconds) { samples.add(.init(seconds: seconds, counts: [.init(bytes: UInt64(tick))])) }
    }
    #expect((Samples.capacity / 2...Samples.capacity).contains(samples.list.count))
    #expect(samples.list[0].seconds == 0 && samples.list[samples.list.count - 1].seconds > 99_000)
    let steps = zip(samples.list, samples.list.dropFirst()).map { $1.seconds - $0.seconds }
    #expect(steps.allSatisfy { $0 >= samples.spacing / 2 && $0 <= samples.spacing * 2 + 0.1 })
  }

  @Test("rates are bytes by the time they took, up to the end") func rates() {
    let samples = samples([(1, 100, 0), (2, 300, 0), (3, 300, 4), (4, 300, 4)])
    let curve = Curve(samples, row: 0, end: 2.5)
    #expect(curve.rates.map(\.interval) == [0..<1, 1..<2, 2..<2.5])
    #expect(curve.rates.map(\.rate) == [100, 200, 0])
    #expect(curve.failures == [2.25] && curve.most == 200)
    #expect(curve.last?.seconds == 2.5 && curve.last?.rate == 0)
  }

  @Test("what is found to be bad behind the end failed at the end") func late() {
    let curve = Curve(samples([(1, 100, 0), (2, 100, 8)]), row: 0, end: 1)
    #expect(curve.failures == [1] && curve.rate(at: 1) == 100)
  }

  @Test("what was done in the last moment counts for the interval before") func lastMoment() {
    let curve = Curve(samples([(1, 100, 0), (2, 200, 0), (2.001, 300, 0)]), row: 0, end: 2.001)
    #expect(curve.rates.map(\.interval) == [0..<1, 1..<2.001])
    #expect(curve.most < 200)
  }

  @Test("a copy that ended at once has a curve without a rate") func momentary() {
    let curve = Curve(Samples([.init()]), row: 0, end: 0)
    #expect(curve.most == 0 && curve.rates.count == 1)
  }

  @Test("a mean counts what still goes on") func mean() {
    let samples = samples([(1, 100, 0), (2, 300, 1), (3, 500, 1)])
    let mean = Curve(
      meanOf: [Curve(samples, row: 0, end: 3), Curve(samples, row: 0, end: 1)], samples)
    #expect(mean.rates.map(\.rate) == [100, 200, 200])
    #expect(mean.failures == [1, 1.5])
  }

  @Test("a strip shows the worst of each column, and the smallest failure") func strip() {
    var strip = Strip(sectors: 1 << 41, columns: 100)
    #expect(strip.parts == [.init(columns: 0..<100, state: .good)])
    strip.mark((1 << 41) - 1..<1 << 41, .bad)
    strip.mark(0..<1 << 40, .untried)
    strip.mark(0..<1, .different)
    strip.mark(0..<8, .untried)
    #expect(
      strip.parts == [
        .init(columns: 0..<1, state: .different), .init(columns: 1..<50, state: .untried),
        .init(columns: 50..<99, state: .good), .init(columns: 99..<100, state: .bad),
      ])
    #expect(Strip(sectors: 0, columns: 100).parts.isEmpty)
    var short = Strip(sectors: 3, columns: 100)
    short.mark(1..<2, .bad)
    #expect(short.parts.map(\.columns) == [0..<33, 33..<67, 67..<100])
  }

  @Test("the slowest are those that got least, then those that took longest") func slowest() {
    var bytes = [UInt64](repeating: 100, count: 12)
    var ends = (0..<12).map { Optional(Double($0)) }
    bytes[0] = 50
    ends[1] = nil
    #expect(CopyPlot.slowest(bytes, ends) == [0, 1, 6, 7, 8, 9, 10, 11])
    #expect(CopyPlot.slowest([1, 2], [nil, 1]) == [0, 1])
  }

  @Test("names keep their order and their distance, inside their range") func spread() {
    #expect(CopyPlot.spread([50, 10, 52], distance: 10, in: 0...100) == [50, 10, 60])
    #expect(CopyPlot.spread([100, 100, 99], distance: 10, in: 0...100) == [90, 100, 80])
    #expect(CopyPlot.spread([0, 0], distance: 10, in: 0...100) == [0, 10])
    #expect(CopyPlot.spread([], distance: 10, in: 0...100) == [])
  }
}
