import Comparison
import Testing

@Suite struct VerdictTests {
  private static let row = Row("r", "subject / C", in: "e", "subject", over: ["C"], bar: .atLeast(0.92))

  /// One round.
  private func measured(_ values: [String: Double], _ quantity: Quantity = .iops) -> Measurements {
    var measured = Measurements()
    measured.add(values.mapValues { Sample([quantity: $0]) })
    return measured
  }

  @Test("a ratio at the bar is met, one just below is not") func limit() {
    #expect(Verdict(Self.row, measured(["subject": 92, "C": 100, "C-2": 100])).isMet == true)
    #expect(Verdict(Self.row, measured(["subject": 91.9, "C": 100, "C-2": 100])).isMet == false)
  }

  @Test("a ratio is divided by C's ratio to itself where that is below 1") func noiseBelowOne() {
    let verdict = Verdict(Self.row, measured(["subject": 90, "C": 100, "C-2": 95]))
    #expect(verdict.noise == 0.95)
    #expect(verdict.value == 0.9)
    #expect(verdict.isMet == true)
    #expect(Verdict(Self.row, measured(["subject": 87, "C": 100, "C-2": 95])).isMet == false)
  }

  @Test("C's ratio to itself above 1 is not held against the subject") func noiseAboveOne() {
    #expect(Verdict(Self.row, measured(["subject": 93, "C": 100, "C-2": 120])).isMet == true)
  }

  @Test("for an upper bar the noise excuses in the other direction only") func upperBar() {
    let row = Row("r", "CPU", in: "e", "subject", over: ["C"], by: .cpuNanosecondsPerIO, bar: .atMost(1.08))
    func isMet(_ subject: Double, noise: Double) -> Bool? {
      Verdict(row, measured(["subject": subject, "C": 100, "C-2": noise], .cpuNanosecondsPerIO)).isMet
    }
    #expect(isMet(108, noise: 100) == true)
    #expect(isMet(109, noise: 100) == false)
    #expect(isMet(112, noise: 104) == true)
    #expect(isMet(108, noise: 90) == true)
    #expect(isMet(109, noise: 90) == false)
  }

  @Test("without a second run of C the bar stands as it is") func noTwin() {
    let verdict = Verdict(Self.row, measured(["subject": 92, "C": 100]))
    #expect(verdict.noise == nil)
    #expect(verdict.isMet == true)
  }

  @Test("a subject that did not run does not meet its bar, and the reason is told") func failedSubject() {
    var failed = measured(["C": 100, "C-2": 100])
    failed.fail("subject", because: "exit code 1: no ring")
    let verdict = Verdict(Self.row, failed)
    #expect(verdict.value == nil)
    #expect(verdict.isMet == false)
    #expect(verdict.reason == "subject: exit code 1: no ring")
  }

  @Test("an experiment that did not run does not meet its bars") func notRun() {
    let verdict = Verdict(Self.row, notRun: "no loop device")
    #expect(verdict.isMet == false)
    #expect(verdict.reason == "no loop device")
  }

  @Test("a row without a bar is neither met nor missed") func noBar() {
    let row = Row("r", "shown", in: "e", "subject", over: ["C"])
    #expect(Verdict(row, measured(["subject": 1, "C": 100])).isMet == nil)
  }

  @Test("the best of several is the reference, and its own second run the noise") func bestOfSeveral() {
    let row = Row("r", "copy", in: "e", "dmio", over: ["dd", "cp"], by: .gibPerSecond, bar: .atLeast(1), noise: nil)
    let verdict = Verdict(row, measured(["dmio": 1.75, "dd": 1, "dd-2": 2.5, "cp": 1.8, "cp-2": 2], .gibPerSecond))
    #expect(verdict.referenceName == "cp")
    #expect(verdict.reference == 1.9)
    #expect(verdict.noise.map { abs($0 - 0.9) < 1e-9 } == true)
    #expect(verdict.isMet == true)
  }

  @Test("where both runs together are the reference, their order does not matter") func symmetricNoise() {
    let row = Row("r", "8 / 4", in: "e", "8", over: ["4"], by: .seconds, bar: .atMost(1.9), noise: nil)
    for (first, second) in [(1.0, 1.5), (1.5, 1.0)] {
      let verdict = Verdict(row, measured(["8": 2.5, "4": first, "4-2": second], .seconds))
      #expect(verdict.value == 2)
      #expect(verdict.noise == 1.5)
      #expect(verdict.isMet == true)
    }
  }

  @Test("the best of several counts only when all of them ran") func missingPeer() {
    let row = Row("r", "copy", in: "e", "dmio", over: ["dd", "cp"], by: .gibPerSecond, bar: .atLeast(1), noise: nil)
    var some = measured(["dmio": 3, "dd": 1, "dd-2": 1], .gibPerSecond)
    some.fail("cp", because: "cp is not installed")
    let verdict = Verdict(row, some)
    #expect(verdict.isMet == false)
    #expect(verdict.reason == "cp: cp is not installed")
  }

  private static let limited = Row("r", "dmio / fio", in: "e", "dmio", over: ["fio"], bar: .atLeast(1.5), limits: ["c"])
  private static let limit = Row("c", "C / fio", in: "e", "C", over: ["fio"])

  private func judged(_ values: [String: Double]) -> Verdict {
    Verdict(Self.limited, measured(values), limits: [Self.limit])
  }

  @Test("a bar that C misses in the same run, too, is beyond C") func beyondC() {
    let verdict = judged(["dmio": 130, "fio": 100, "C": 140, "C-2": 140])
    #expect(verdict.isMet == false && verdict.isBeyondC && !verdict.isMissed)
    #expect(verdict.ofC == 1.4)
  }

  @Test("a bar that C meets and dmio does not is missed") func missed() {
    let verdict = judged(["dmio": 130, "fio": 100, "C": 150, "C-2": 150])
    #expect(verdict.isMet == false && !verdict.isBeyondC && verdict.isMissed)
  }

  @Test("noise that excuses C says that the bar is in reach") func excusedC() {
    #expect(judged(["dmio": 130, "fio": 100, "C": 140, "C-2": 126]).isMissed)
    #expect(judged(["dmio": 130, "fio": 100, "C": 140, "C-2": 154]).isBeyondC)
  }

  @Test("a bar that dmio meets is met, whatever C does") func metBesideC() {
    let verdict = judged(["dmio": 150, "fio": 100, "C": 140, "C-2": 140])
    #expect(verdict.isMet == true && !verdict.isBeyondC && !verdict.isMissed)
  }

  @Test("where C did not run, or dmio did not, nothing is beyond C") func unknownLimit() {
    #expect(judged(["dmio": 130, "fio": 100]).isMissed)
    #expect(judged(["fio": 100, "C": 140]).isMissed)
    #expect(Verdict(Self.limited, notRun: "no fio").isMissed)
    #expect(Verdict(Self.limited, measured(["dmio": 130, "fio": 100, "C": 140]), limits: []).isMissed)
  }

  @Test("who is far from C is not excused by it") func farFromC() {
    #expect(judged(["dmio": 128, "fio": 100, "C": 140, "C-2": 140]).isMissed)
    #expect(judged(["dmio": 129, "fio": 100, "C": 140, "C-2": 140]).isBeyondC)
  }

  @Test("of several ways to do it in C each has to miss the bar, and have been measured") func severalLimits() {
    let other = Row("d", "C otherwise / fio", in: "e", "D", over: ["fio"])
    func verdict(_ values: [String: Double]) -> Verdict {
      Verdict(Self.limited, measured(values), limits: [Self.limit, other])
    }
    #expect(verdict(["dmio": 130, "fio": 100, "C": 140, "C-2": 140, "D": 145]).isBeyondC)
    #expect(verdict(["dmio": 130, "fio": 100, "C": 140, "C-2": 140, "D": 155]).isMissed)
    #expect(verdict(["dmio": 130, "fio": 100, "C": 140, "C-2": 140]).isMissed)
  }

  @Test("an upper bar has its limit above") func upperLimit() {
    let row = Row("r", "8 / 4", in: "e", "8", over: ["4"], by: .seconds, bar: .atMost(2.1), noise: nil, limits: ["c"])
    let limit = Row("c", "C: 8 / 4", in: "e", "C 8", over: ["C 4"], by: .seconds, noise: nil)
    func verdict(_ eight: Double) -> Verdict {
      Verdict(row, measured(["8": 2.35, "4": 1, "C 8": eight, "C 4": 1], .seconds), limits: [limit])
    }
    #expect(verdict(2.2).isBeyondC)
    #expect(verdict(2.1).isMissed)
    #expect(verdict(1.9).isMissed)
  }

  @Test("of memory the worst run counts, not the median") func peakMemory() {
    let row = Row("r", "peak", in: "e", "dmio", by: .peakMiB, bar: .atMost(64))
    var measured = Measurements()
    for value in [20.0, 20, 65] { measured.add(["dmio": Sample([.peakMiB: value])]) }
    #expect(Verdict(row, measured).isMet == false)
  }

  @Test("allocations of the start do not count, one in a hundred I/Os does") func allocations() {
    let row = Row("r", "allocations", in: "e", "callback", by: .allocationsPerIO, bar: .atMost(0))
    #expect(Verdict(row, measured(["callback": 0.0004], .allocationsPerIO)).isMet == true)
    #expect(Verdict(row, measured(["callback": 0.01], .allocationsPerIO)).isMet == false)
  }

  @Test("nothing that is not a number meets a bar") func notANumber() {
    #expect(!Bar.atLeast(0).isMet(by: .nan))
    #expect(!Bar.atMost(1).isMet(by: .nan))
    #expect(!Bar.atLeast(0.9).isMet(by: .infinity))
    #expect(!Bar.atLeast(0.9).isMet(by: 1, noise: 0))
  }
}
