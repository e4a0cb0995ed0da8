import Testing

@testable import dmio_cli

/// The parts of the bench that only compute.
@Suite struct BenchPartsTests {
  @Test("every latency lies in its class, and classes follow each other without gaps") func classes() {
    var next: UInt64 = 0
    for index in 0..<LatencyClass.count {
      let values = LatencyClass.values(index)
      #expect(values.lowerBound == next)
      for value in [values.lowerBound, values.upperBound - 1] { #expect(LatencyClass.index(value) == index) }
      #expect(values.count == 1 || Double(values.count) / Double(values.lowerBound) <= 1.0 / 32)
      next = values.upperBound
    }
    #expect(next == LatencyClass.limit)
    #expect(LatencyClass.index(.max) == LatencyClass.count - 1)
  }

  @Test("percentiles are those of the sorted list, within a class") func percentiles() {
    var generator = Seeded("BenchPartsTests.percentiles", salt: 1)
    for count in [1, 2, 3, 10, 99, 1000] {
      let values = (0..<count).map { _ in UInt64.random(in: 0...5_000_000, using: &generator) }.sorted()
      var histogram = Histogram()
      for value in values { histogram.add(1, at: LatencyClass.index(value)) }
      for share in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
        let exact = Double(values[max(0, Int((share * Double(count)).rounded(.up)) - 1)])
        let found = histogram.percentile(share) ?? -1
        #expect(abs(found - exact) <= exact * 0.017 + 0.5, "\(share) of \(count): \(found), not \(exact)")
      }
    }
    #expect(Histogram().percentile(0.5) == nil)
  }

  @Test("a latency counts as often as the requests that it stands for") func weights() {
    var series = Series(isDivided: false)
    series.record(100, at: 0, for: 99)
    series.record(1000, at: 0, for: 1)
    let histogram = series.histogram(0)
    #expect(histogram.count == 100 && series.samples == 2 && series.longest == 1000)
    #expect((histogram.percentile(0.99) ?? 0) < 110 && (histogram.percentile(1) ?? 0) > 900)
  }

  @Test("a series keeps every count when it grows beyond its intervals") func series() {
    var series = Series(isDivided: true)
    let (width, capacity) = (series.width, series.capacity)
    series.start = 5
    var sum: UInt64 = 0
    // One event in each interval of the first width, four times as many as there is room for.
    for step in 0..<UInt64(4 * capacity) {
      let now = 5 + step * width
      series.count(Int(step), at: now)
      series.record(1000, at: now, for: 1)
      sum += step
    }
    #expect(series.width == 4 * width)
    #expect((0..<capacity).reduce(0) { $0 + series.requests($1) } == sum)
    for interval in 0..<capacity {
      let first = UInt64(4 * interval)
      #expect(series.requests(interval) == 4 * first + 6 && series.histogram(interval).count == 4)
    }
    // A time before the start, as another thread's clock may tell it, is the first interval's.
    series.count(1, at: 0)
    #expect(series.requests(0) == 7)
  }

  @Test("places are blocks of the device, all of them, about equally often") func places() {
    var places = Places(firstSector: 100, blocks: 10, blockSectors: 8, seed: 1)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 {
      let sector = places.next()
      #expect(sector >= 100 && sector < 180 && (sector - 100) % 8 == 0)
      counts[Int(sector - 100) / 8] += 1
    }
    #expect(counts.allSatisfy { (800...1200).contains($0) }, "\(counts)")
  }

  @Test("quick requests are looked at rarely, slow ones each time") func pace() {
    // Nanoseconds a request, and of how many each should be looked at.
    for (nanoseconds, expected) in [
      (100, 512...512), (250, 220...300), (2000, 20...64), (20_000, 2...6), (80_000, 1...1), (5_000_000, 1...1),
    ] {
      var pace = Pace.sampling
      var (now, requests, looks) = (UInt64(1), 0, 0)
      var random = Places(firstSector: 0, blocks: 1, blockSectors: 1, seed: 7)
      for round in 0..<20_000 {
        let count = pace.next(at: now, random: random.advance())
        #expect(count >= 1 && count <= 768)
        now += UInt64(count * nanoseconds)
        if round >= 1000 { (requests, looks) = (requests + count, looks + 1) }
      }
      #expect(expected.contains(Int((Double(requests) / Double(looks)).rounded())), "\(nanoseconds) ns")
    }
  }

  @Test("a run of so many requests is looked at by their number alone") func counting() {
    var (early, late) = (Pace.sampling.counting(1_000_000), Pace.sampling.counting(1_000_000))
    for round in 0..<1000 {
      let random = UInt64(round) &* 0x9E37_79B9_7F4A_7C15
      #expect(early.next(at: UInt64(round), random: random) == late.next(at: UInt64(round) << 30, random: random))
    }
    var few = Pace.sampling.counting(100)
    #expect((0..<100).allSatisfy { few.next(at: UInt64($0), random: .max) == 1 })
  }
}
