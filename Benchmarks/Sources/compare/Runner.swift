import Comparison
import Foundation

/// Runs the experiments that the rows need, and judges the rows.
struct Runner {
  let lab: Lab
  let arguments: Arguments

  /// The verdicts on `rows`, in their order.
  func run(_ rows: [Row]) throws(Message) -> [Verdict] {
    let wanted = Set(rows.map(\.experiment))
    let experiments = Bars.experiments.filter { wanted.contains($0.id) }
    var measured: [String: Measurements] = [:]
    // Also when the next experiment is cut off.
    defer { if let file = arguments.samples { Runner.write(measured, to: file) } }
    for (index, experiment) in experiments.enumerated() {
      try lab.release(except: experiments[index...].reduce(into: []) { $0.formUnion($1.places) })
      try lab.provide(experiment.places.subtracting(Runner.values).subtracting(lab.places.keys))
      measured[experiment.id] = try measure(experiment)
    }
    return rows.map { row in
      measured[row.experiment].map { Verdict(row, $0, limits: row.limits.compactMap(Bars.row)) }
        ?? Verdict(row, notRun: "there is no such experiment")
    }
  }

  private static func write(_ measured: [String: Measurements], to file: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    do {
      try encoder.encode(measured).write(to: URL(fileURLWithPath: file))
    } catch {
      say("\(file): \(error.localizedDescription)")
    }
  }

  /// Places that differ from run to run, filled in by the meters.
  private static let values: Set<String> = ["seconds", "milliseconds", "ios"]

  private func measure(_ experiment: Experiment) throws(Message) -> Measurements {
    let meters = Meters(lab: lab, seconds: arguments.seconds(experiment))
    var measurements = Measurements()
    let rounds = arguments.rounds(experiment.rounds)
    say("\(experiment.title): \(rounds) × \(experiment.contestants.map(\.name).joined(separator: ", "))")
    for number in 0..<rounds {
      var turns: [String: [Sample]] = [:]
      for turn in 0..<experiment.turns {
        for contestant in experiment.order(inTurn: number * experiment.turns + turn)
        where measurements.failures[contestant.name] == nil {
          do {
            turns[contestant.name, default: []].append(try meters.run(contestant))
          } catch {
            try Interruption.check()
            measurements.fail(contestant.name, because: error.description)
            say("  \(contestant.name): \(error)")
          }
        }
      }
      measurements.add(turns.compactMapValues(Sample.init(turns:)))
    }
    return measurements
  }
}
