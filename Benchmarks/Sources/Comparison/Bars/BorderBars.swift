extension Bars {
  /// What it costs to come from C: both sides driven, a callback each, and none looks at latencies.
  ///
  /// On /dev/null as all else; and on what a C program would use: a block device, through the ring, and a file, whose bytes are
  /// moved by the client's own thread. On `null:1GiB`, which never reaches the kernel, an I/O costs a quarter of what it does on
  /// /dev/null, so that the border shows as large as it can be.
  static let borderExperiments = [
    Experiment(
      "border-device", "4 KiB writes to /dev/null, depth 32, through the C interface and without",
      rounds: .most,
      border("/dev/null", "write")),
    Experiment(
      "border-null", "4 KiB writes to null:1GiB, depth 32, through the C interface and without",
      border("null:1GiB", "write")),
    Experiment(
      "border-loop", "4 KiB writes to a loop device over tmpfs, depth 32, through the C interface and without",
      rounds: .most,
      // What such a device does in the first 0.05 s hangs on what the thread that writes did before; 0.4 s do not.
      lengthening: 8,
      border("{loop}", "write", more: ["--yes"])),
    Experiment(
      "border-file", "4 KiB reads of a file on tmpfs, depth 32, through the C interface and without",
      // Two threads on both sides, which it takes the kernel some milliseconds to put on two processors.
      lengthening: 4,
      border("{file}", "read")),
  ]

  private static func border(_ device: String, _ operation: String, more: [String] = []) -> [Contestant] {
    Contestant.twins(Command.dmio(device, operation, more: ["--no-latency"] + more), named: "Swift") + [
      Contestant("C interface", Command.border(device, operation))
    ]
  }

  static let borderRows = [
    borderRow("device", "/dev/null"), borderRow("loop", "loop over tmpfs, writes"),
    borderRow("file", "file on tmpfs, reads"), borderRow("null", "null:1GiB, a device without a kernel", bar: nil),
  ]

  private static func borderRow(_ id: String, _ device: String, bar: Bar? = .atLeast(0.97)) -> Row {
    Row(
      "border-\(id)", "callback through the C interface / callback in Swift, both driven, \(device)",
      in: "border-\(id)", "C interface", over: ["Swift"], bar: bar, reach: bar == nil ? "" : "1.0", noise: "Swift")
  }
}
