import Comparison
import Testing

@Suite struct MeasurementsTests {
  @Test("the median of an odd number is the one in the middle, whatever their order") func oddMedian() {
    #expect(median([5, 1, 9]) == 5)
    #expect(median([7]) == 7)
  }

  @Test("the median of an even number is the mean of the two in the middle") func evenMedian() {
    #expect(median([1, 10, 2, 4]) == 3)
  }

  @Test("nothing has no median") func noMedian() {
    #expect(median([]) == nil)
  }

  @Test("a contestant that failed has no median, though it has samples") func failedContestant() {
    var measured = Measurements()
    measured.add(["C": Sample([.iops: 10])])
    #expect(measured.median(.iops, of: "C") == 10)
    measured.fail("C", because: "exit code 1")
    #expect(measured.median(.iops, of: "C") == nil)
    #expect(measured.most(.iops, of: "C") == nil)
  }

  private func measured(_ rounds: [[String: Double]]) -> Measurements {
    var measured = Measurements()
    for values in rounds { measured.add(values.mapValues { Sample([.iops: $0]) }) }
    return measured
  }

  @Test("a ratio is the median of those within the rounds: who shares a bad moment is not compared with a good one")
  func ratioOfRounds() {
    // The medians, 100 and 50, would say 0.5.
    let moody = measured([
      ["C": 100, "dmio": 90], ["C": 100, "dmio": 90], ["C": 40, "dmio": 40], ["C": 200, "dmio": 20],
      ["C": 50, "dmio": 45],
    ])
    #expect(moody.ratio(.iops, of: "dmio", to: "C") == 0.9)
    #expect(moody.ratio(.iops, of: "C", to: "absent") == nil)
    #expect(moody.ratio(.cpuNanosecondsPerIO, of: "dmio", to: "C") == nil)
  }

  @Test("a round in which one of the two gave nothing has no part in their ratio") func ratioOfSomeRounds() {
    #expect(
      measured([["C": 100, "dmio": 90], ["C": 100], ["dmio": 10], ["C": 0, "dmio": 1]])
        .ratio(.iops, of: "dmio", to: "C") == 0.9)
  }

  @Test("twins that count together are one reference in each round: their mean") func ratioToTwins() {
    let twins = measured([["cp": 1, "cp-2": 3, "dmio": 4], ["cp": 4, "cp-2": 4, "dmio": 8], ["cp": 2, "dmio": 4]])
    #expect(twins.ratio(.iops, of: "dmio", to: "cp", withTwin: true) == 2)
    #expect(twins.ratio(.iops, of: "dmio", to: "cp") == 2)
    #expect(twins.ratio(.iops, of: "cp-2", to: "cp") == 2)
  }

  @Test("a quantity that was not measured has no median") func otherQuantity() {
    var measured = Measurements()
    measured.add(["fio": Sample([.iops: 10])])
    #expect(measured.median(.cpuNanosecondsPerIO, of: "fio") == nil)
  }

  @Test("the best is the one with the highest median, not with the highest sample") func bestContestant() {
    var measured = Measurements()
    for value in [1.0, 2, 90] { measured.add(["lucky": Sample([.gibPerSecond: value])]) }
    for value in [3.0, 3, 3] { measured.add(["steady": Sample([.gibPerSecond: value])]) }
    #expect(measured.best(.gibPerSecond, of: ["lucky", "steady", "absent"]) == "steady")
    #expect(measured.best(.gibPerSecond, of: ["absent"]) == nil)
  }

  @Test("odd turns run backwards") func order() {
    let experiment = Experiment("x", "x", [Contestant("A", ["a"]), Contestant("B", ["b"])])
    #expect((0..<3).map { experiment.order(inTurn: $0).map(\.name) } == [["A", "B"], ["B", "A"], ["A", "B"]])
  }

  @Test("of several, each runs in each place, and right after each other one, equally often", arguments: 3...11)
  func square(count: Int) {
    let experiment = Experiment("x", "x", (0..<count).map { Contestant("\($0)", ["x"]) })
    var (places, neighbours) = ([String: Int](), [String: Int]())
    for turn in 0..<2 * count {
      let names = experiment.order(inTurn: turn).map(\.name)
      for (place, name) in names.enumerated() { places["\(name) at \(place)", default: 0] += 1 }
      for (first, second) in zip(names, names.dropFirst()) { neighbours["\(first) \(second)", default: 0] += 1 }
    }
    #expect(places.count == count * count)
    #expect(Set(places.values) == [2])
    #expect(neighbours.count == count * (count - 1))
    #expect(Set(neighbours.values) == [2])
  }

  @Test("a round has several turns where nobody is timed from outside") func turns() {
    let report = Contestant("A", ["a"])
    #expect(Experiment("x", "x", [report, report.twin]).turns == 4)
    for meter in [Meter.fio, .stopwatch(gib: 1), .callgrind, .mallocs] {
      #expect(Experiment("x", "x", [report, Contestant("B", ["b"], meter: meter)]).turns == 1)
    }
  }
}
