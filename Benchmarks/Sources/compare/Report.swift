import Comparison
import Foundation

/// What is written between the markers of a document.
struct Report {
  let lab: Lab
  let verdicts: [Verdict]
  let arguments: Arguments

  /// The machine, the table, what an I/O costs part by part, and every command.
  func markdown() throws(Message) -> String {
    let rounds =
      "\(arguments.rounds(.many)) rounds of \(arguments.seconds) s, \(arguments.rounds(.most)) where the bar is close, "
      + "\(arguments.rounds(.few)) where it is far, "
      + "in four turns each where all contestants tell about themselves in the same way, "
      + "\(arguments.rounds(.some)) of copies, \(arguments.rounds(.several)) where the bar is close"
    let head = Machine.description(lab) + ["", "\(rounds), medians. \(Table(verdicts).summary)", ""]
    return (head + [Table(verdicts).markdown, ""] + (try parts()) + commands).joined(separator: "\n")
  }

  /// Where the instructions of the callback door go.
  private func parts() throws(Message) -> [String] {
    let experiment = Bars.experiments.first { $0.id == "instructions" }
    guard let contestant = experiment?.contestants.first(where: { $0.name == "callback" }) else { return [] }
    let parts: [(function: String, perIO: Double)]
    do {
      parts = try Meters(lab: lab, seconds: arguments.seconds).countInstructions(contestant).parts
    } catch {
      try Interruption.check()
      return ["What an I/O costs, part by part, could not be counted: \(error)", ""]
    }
    let shown = parts.filter { $0.perIO >= 0.5 }
    let names = demangle(shown.map(\.function))
    return ["### What an I/O through the callback door costs", "", "| instructions per I/O | function |", "|---:|---|"]
      + zip(shown, names).map { part, name in
        "| \(String(format: "%.1f", part.perIO)) | `\(name.replacing("|", with: "\\|"))` |"
      } + [""]
  }

  private func demangle(_ names: [String]) -> [String] {
    guard let output = try? lab.child.run(["swift-demangle", "--compact", "--simplified"] + names) else { return names }
    let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    return lines.count == names.count ? lines : names
  }

  /// Every command, so that it can be repeated by hand. Devices are what `compare` makes.
  private var commands: [String] {
    let wanted = Set(verdicts.map(\.row.experiment))
    let experiments = Bars.experiments.filter { wanted.contains($0.id) }
    let head = ["<details><summary>Every command</summary>", ""]
    let tail = ["", "</details>"]
    return head
      + experiments.flatMap { experiment in
        ["- \(experiment.title)"]
          // The second run of the same is the same.
          + experiment.contestants.filter { !$0.name.hasSuffix("-2") }.map { contestant in
            "  - \(contestant.name): `\(text(contestant, experiment))`"
          }
      } + tail
  }

  private func text(_ contestant: Contestant, _ experiment: Experiment) -> String {
    let seconds = arguments.seconds(experiment)
    let values = ["seconds": "\(seconds)", "milliseconds": "\(Int(seconds * 1000))"]
    let places = contestant.places.map { name in
      // A program by its name, a device as a variable.
      let program = Programs.files[name] ?? (name == "dmio" ? name : nil)
      return (name, values[name] ?? program ?? "$\(name.uppercased())")
    }
    let command = contestant.filled(with: Dictionary(uniqueKeysWithValues: places)) ?? contestant.command
    return command.map { $0.contains(/[ &<>]/) ? "'\($0)'" : $0 }.joined(separator: " ")
  }
}
