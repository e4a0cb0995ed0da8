extension Bars {
  /// What it costs to come from C: both sides driven, a callback each, and none looks at latencies.
  ///
  /// Not on /dev/null, which has no size and is no device for `dm_io_device_open`. In its place `null:1GiB`, which never reaches
  /// the kernel, so that an I/O costs a fraction of what it does there; and what a C program would use: a block device, through
  /// the ring, and a file, whose bytes are moved by the client's own thread.
  static let borderExperiments = [
    Experiment(
      "border-null", "4 KiB writes to null:1GiB, depth 32, through the C interface and without",
      rounds: .most,
      border("null:1GiB", "write")),
    Experiment(
      "border-loop", "4 KiB writes to a loop device over tmpfs, depth 32, through the C interface and without",
      rounds: .most,
      border("{loop}", "write", more: ["--yes"])),
    Experiment(
      "border-file", "4 KiB reads of a file on tmpfs, depth 32, through the C interface and without",
      rounds: .most,
      border("{file}", "read")),
  ]

  private static func border(_ device: String, _ operation: String, more: [String] = []) -> [Contestant] {
    Contestant.twins(Command.dmio(device, operation, more: ["--no-latency"] + more), named: "Swift") + [
      Contestant("C interface", Command.border(device, operation))
    ]
  }

  static let borderRows = [
    borderRow("null", "null:1GiB, a device without a kernel"), borderRow("loop", "loop over tmpfs, writes"),
    borderRow("file", "file on tmpfs, reads"),
  ]

  private static func borderRow(_ id: String, _ device: String) -> Row {
    Row(
      "border-\(id)", "callback through the C interface / callback in Swift, both driven, \(device)",
      in: "border-\(id)", "C interface", over: ["Swift"], bar: .atLeast(0.97), reach: "1.0", noise: "Swift")
  }
}
