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
    measured.add(Sample([.iops: 10]), of: "C")
    #expect(measured.median(.iops, of: "C") == 10)
    measured.fail("C", because: "exit code 1")
    #expect(measured.median(.iops, of: "C") == nil)
    #expect(measured.most(.iops, of: "C") == nil)
  }

  private func round(_ values: [String: Double]) -> Round {
    var round = Round()
    for (name, value) in values { round.add(Sample([.iops: value]), of: name) }
    return round
  }

  @Test("a round is as restless as the program that differs most from itself, whatever others do in it")
  func restlessness() {
    #expect(round([:]).restlessness == 0)
    #expect(round(["C": 100, "dmio": 1]).restlessness == 0)
    #expect(round(["C": 100, "C-2": 104, "dmio": 1]).isQuiet)
    #expect(!round(["C": 106, "C-2": 100, "dmio": 100]).isQuiet)
    #expect(abs(round(["C": 100, "C-2": 100, "fio": 100, "fio-2": 80]).restlessness - 0.25) < 1e-9)
    #expect(round(["C": 100, "C-2": 0]).restlessness == 0)
  }

  @Test("the quietest rounds count, in their order, and all if there are no more") func quietest() {
    let rounds = [(100.0, 150.0), (1, 1), (2, 3), (5, 5), (7, 8)].map { round(["C": $0, "C-2": $1]) }
    var measured = Measurements()
    measured.add(rounds.quietest(3))
    #expect(measured.values(.iops, of: "C") == [1, 5, 7])
    #expect(rounds.quietest(9).count == 5)
  }

  @Test("a quantity that was not measured has no median") func otherQuantity() {
    var measured = Measurements()
    measured.add(Sample([.iops: 10]), of: "fio")
    #expect(measured.median(.cpuNanosecondsPerIO, of: "fio") == nil)
  }

  @Test("the best is the one with the highest median, not with the highest sample") func bestContestant() {
    var measured = Measurements()
    for value in [1.0, 2, 90] { measured.add(Sample([.gibPerSecond: value]), of: "lucky") }
    for value in [3.0, 3, 3] { measured.add(Sample([.gibPerSecond: value]), of: "steady") }
    #expect(measured.best(.gibPerSecond, of: ["lucky", "steady", "absent"]) == "steady")
    #expect(measured.best(.gibPerSecond, of: ["absent"]) == nil)
  }

  @Test("odd rounds run backwards") func order() {
    let experiment = Experiment("x", "x", [Contestant("A", ["a"]), Contestant("B", ["b"])])
    #expect((0..<3).map { experiment.order(inRound: $0).map(\.name) } == [["A", "B"], ["B", "A"], ["A", "B"]])
  }
}
