import Comparison
import Foundation

/// What CI asks: counts, which do not wobble, against recorded ones; and one ratio to C that only a disaster misses.
struct Gate {
  let lab: Lab
  let file: String

  static let leastRatio = 0.8
  /// Many, and short. Beside four other programs that came and went on two processors, the ratio of the best of 9 rounds of 0.2 s
  /// fell below the bar in 2 % of 4,000 draws, that of 61 such short ones in none: its least was 0.95, and 0.97 alone.
  private static let rounds = 61
  private static let seconds = 0.1

  /// Prints what was found; whether all of it holds.
  func passes() throws(Message) -> Bool {
    let recorded: Counts
    do {
      recorded = try Counts(json: Data(contentsOf: URL(fileURLWithPath: file)))
    } catch {
      throw Message("\(file): \(error)")
    }
    let measured = try count(recorded.instructionsPerIO.keys.sorted(), recorded.allocationsPerIO.keys.sorted())
    print("instructions per I/O:", Gate.text(measured.instructionsPerIO))
    print("heap allocations per I/O:", Gate.text(measured.allocationsPerIO))
    let steps = recorded.stepsBack(in: measured)
    for step in steps { print("WORSE: \(step)") }
    if recorded.stepsBack(in: measured).isEmpty, !measured.stepsBack(in: recorded).isEmpty {
      print("Better than recorded: `compare --record` writes it down.")
    }
    let ratio = try ratio()
    print(
      "callback door / C, depth 32, best runs:", String(format: "%.3f, at least %.1f is asked", ratio, Gate.leastRatio))
    return steps.isEmpty && ratio >= Gate.leastRatio
  }

  /// Measures anew what the gate compares with.
  func record() throws(Message) {
    let doors = ["callback", "closure", "async", "batch", "blocking"]
    let counts = try count(["callback"], doors).rounded
    do { try counts.json().write(to: URL(fileURLWithPath: file)) } catch { throw Message("\(file): \(error)") }
    print("instructions per I/O:", Gate.text(counts.instructionsPerIO))
    print("heap allocations per I/O:", Gate.text(counts.allocationsPerIO))
  }

  private func count(_ instructions: [String], _ allocations: [String]) throws(Message) -> Counts {
    Counts(
      instructionsPerIO: try count(.instructionsPerIO, in: "instructions", instructions),
      allocationsPerIO: try count(.allocationsPerIO, in: "allocations", allocations))
  }

  private func count(_ quantity: Quantity, in experiment: String, _ doors: [String]) throws(Message) -> [String: Double]
  {
    let meters = Meters(lab: lab, seconds: Gate.seconds)
    var counts: [String: Double] = [:]
    for contestant in Gate.contestants(of: experiment) where doors.contains(contestant.name) {
      counts[contestant.name] = try meters.run(contestant).values[quantity]
    }
    return counts
  }

  /// The best run of each: the one that the rest of a busy machine disturbed least.
  private func ratio() throws(Message) -> Double {
    let meters = Meters(lab: lab, seconds: Gate.seconds)
    var measurements = Measurements()
    for _ in 0..<Gate.rounds {
      var round: Measurements.Round = [:]
      for contestant in Gate.contestants(of: "null-32") where ["C", "callback"].contains(contestant.name) {
        round[contestant.name] = try meters.run(contestant)
      }
      measurements.add(round)
    }
    guard let subject = measurements.most(.iops, of: "callback"), let reference = measurements.most(.iops, of: "C")
    else {
      throw Message("the ratio to C could not be measured")
    }
    return subject / reference
  }

  private static func contestants(of experiment: String) -> [Contestant] {
    Bars.experiments.first { $0.id == experiment }?.contestants ?? []
  }

  private static func text(_ values: [String: Double]) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.3f", $0.value))" }.joined(separator: ", ")
  }
}
