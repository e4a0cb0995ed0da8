extension Bars {
  private static let doors = ["callback", "closure", "async", "batch", "blocking"]

  /// What does not change from run to run: instructions and allocations.
  static let countExperiments = [
    Experiment(
      "instructions", "instructions in user space for a 4 KiB write to /dev/null, depth 32", rounds: .one,
      [Contestant("C", Command.reference(length: Command.counted), meter: .callgrind)]
        + doors.map { Contestant($0, Command.dmio(door: $0, length: Command.counted), meter: .callgrind) }),
    Experiment(
      "allocations", "heap allocations for a 4 KiB write to /dev/null, depth 32", rounds: .one,
      [Contestant("C", Command.reference(length: Command.counted), meter: .mallocs)]
        + doors.map { Contestant($0, Command.dmio(door: $0, length: Command.counted), meter: .mallocs) }),
  ]

  static let countRows =
    [
      Row(
        "instructions", "user instructions per I/O, callback door, depth 32", in: "instructions", "callback",
        by: .instructionsPerIO, bar: .atMost(210), reach: "140")
    ]
    + ["closure", "async", "batch", "blocking", "C"].map { name in
      Row(
        "instructions-\(name)", "user instructions per I/O, \(name == "C" ? name : "\(name) door")", in: "instructions",
        name, by: .instructionsPerIO)
    }
    + doors.map { door in
      Row(
        "allocations-\(door)", "heap allocations per I/O, \(door) door", in: "allocations", door, by: .allocationsPerIO,
        bar: .atMost(door == "closure" ? 1 : 0), reach: "0")
    }
}
