import Comparison
import Foundation

/// Measures dmio beside C and its peers: in turns, by the same clocks, and says which bars are met.
@main enum Main {
  static func main() {
    do {
      let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
      exit(try run(arguments) ? 0 : 1)
    } catch {
      say("compare: \(error)")
      exit(2)
    }
  }

  /// Whether all that was asked holds.
  private static func run(_ arguments: Arguments) throws(Message) -> Bool {
    switch arguments.mode {
    case .help:
      print(Arguments.usage)
      return true
    case .list:
      for row in Bars.rows { print("\(row.id)\t\(row.what)") }
      return true
    case .compare, .gate, .record:
      Interruption.watch()
      let lab = try Lab(in: arguments.folder)
      let outcome = Result { () throws(Message) in try measure(arguments, lab) }
      Interruption.disregard()
      try lab.tearDown()
      return try outcome.get()
    }
  }

  private static func measure(_ arguments: Arguments, _ lab: Lab) throws(Message) -> Bool {
    try Programs.name(in: lab, dmio: arguments.dmio)
    let gate = Gate(lab: lab, file: "counts.json")
    switch arguments.mode {
    case .gate: return try gate.passes()
    case .record:
      try gate.record()
      return true
    default: return try compare(arguments, lab)
    }
  }

  private static func compare(_ arguments: Arguments, _ lab: Lab) throws(Message) -> Bool {
    let rows = Bars.rows.filter { row in
      arguments.only.isEmpty || arguments.only.contains { row.answers(to: $0) }
    }
    guard !rows.isEmpty else { throw Message("no row is called so: see --list") }
    try lab.demandMemory()
    // A document that cannot be written into is better known before a quarter of an hour than after it.
    if let table = arguments.table { try Document(table).check() }
    lab.keepMemory()
    let verdicts = try Runner(lab: lab, arguments: arguments).run(rows)
    print(Table(verdicts).markdown)
    print(Table(verdicts).summary)
    if let table = arguments.table {
      try Document(table).replace(with: try Report(lab: lab, verdicts: verdicts, arguments: arguments).markdown())
    }
    return !verdicts.contains { $0.isMissed }
  }
}
