extension Bars {
  private static let direct = ["--direct"]

  /// Devices that do move bytes: a loop device over tmpfs, zram, and a file on tmpfs.
  static let deviceExperiments = [
    Experiment(
      "loop-write", "4 KiB writes to a loop device over tmpfs, depth 32", rounds: .most,
      Contestant.twins(Command.reference("{loop}", more: direct)) + [
        Contestant("async", Command.dmio("{loop}", door: "async", more: ["--yes"])),
        Contestant("callback", Command.dmio("{loop}", more: ["--yes"])),
      ]),
    Experiment(
      "loop-read", "4 KiB reads of a loop device over tmpfs, depth 32", rounds: .most,
      Contestant.twins(Command.reference("{loop}", "read", more: direct)) + [
        Contestant("async", Command.dmio("{loop}", "read", door: "async")),
        Contestant("callback", Command.dmio("{loop}", "read")),
      ]),
    Experiment(
      "loop-large", "1 MiB writes of scattered pages to a loop device over tmpfs, O_DIRECT, depth 8",
      Contestant.twins(
        Command.reference(
          "{loop}", shape: "regions", depth: 8, block: 1 << 20,
          more: direct + ["--memory", "scattered", "--registered", "files,ring"]))
        + [
          Contestant(
            "C registered",
            Command.reference(
              "{loop}", shape: "regions", depth: 8, block: 1 << 20, more: direct + ["--memory", "scattered"])),
          Contestant(
            "callback", Command.dmio("{loop}", depth: 8, block: "1MiB", more: ["--memory", "list", "--yes"])),
        ]),
    Experiment(
      "file-blocking", "4 KiB blocking reads of a file on tmpfs", rounds: .most,
      Contestant.twins(Command.reference("{file}", "read", shape: "blocking", depth: 1)) + [
        Contestant("blocking", Command.dmio("{file}", "read", door: "blocking"))
      ]),
    Experiment(
      "zram-blocking", "4 KiB blocking reads of zram, O_DIRECT",
      Contestant.twins(Command.reference("{zram}", "read", shape: "blocking", depth: 1, more: direct)) + [
        Contestant("blocking", Command.dmio("{zram}", "read", door: "blocking"))
      ]),
    Experiment(
      "zram", "4 KiB reads of zram, O_DIRECT, depth 32",
      Contestant.twins(Command.reference("{zram}", "read", more: direct)) + [
        Contestant("callback", Command.dmio("{zram}", "read", more: ["--engine", "auto"]))
      ]),
  ]

  static let deviceRows = [
    Row(
      "async-loop-write", "async, one await a request / C, loop over tmpfs, writes, depth 32", in: "loop-write",
      "async",
      over: ["C"], bar: .atLeast(0.85), reach: "0.95"),
    Row(
      "async-loop-read", "async, one await a request / C, loop over tmpfs, reads, depth 32", in: "loop-read", "async",
      over: ["C"], bar: .atLeast(0.85), reach: "0.95"),
    Row("callback-loop-write", "callback door / C, loop over tmpfs, writes", in: "loop-write", "callback", over: ["C"]),
    Row("callback-loop-read", "callback door / C, loop over tmpfs, reads", in: "loop-read", "callback", over: ["C"]),
    Row(
      "loop-large", "1 MiB scattered writes to loop, registered memory: CPU / C with WRITEV", in: "loop-large",
      "callback",
      over: ["C"], by: .cpuNanosecondsPerIO, bar: .atMost(0.4), reach: "0.3"),
    Row(
      "loop-large-c", "the same in C with WRITEV_FIXED: CPU / C with WRITEV", in: "loop-large", "C registered",
      over: ["C"], by: .cpuNanosecondsPerIO),
    Row(
      "blocking-file", "blocking door / pread in C, file on tmpfs", in: "file-blocking", "blocking", over: ["C"],
      bar: .atLeast(0.97), reach: "1.0"),
    Row("blocking-zram", "blocking door / pread in C, zram", in: "zram-blocking", "blocking", over: ["C"]),
    Row(
      "zram", "zram read, engine chosen by the probe / C on io_uring, depth 32", in: "zram", "callback", over: ["C"],
      bar: .atLeast(1.1), reach: "1.5"),
  ]
}
