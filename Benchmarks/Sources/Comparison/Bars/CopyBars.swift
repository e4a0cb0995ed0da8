extension Bars {
  private static let source = "{file}"
  private static let targets = (1...8).map { "{folder}/target\($0)" }

  /// `dmio copy` and what else copies. Every target that is a file is absent before each run.
  static let copyExperiments = [
    Experiment(
      "copy-file", "copies of 1 GiB from tmpfs to tmpfs, flushed at the end", rounds: .several,
      copiers(of: source, to: targets[0], qemu: ["-t", "writeback"]).flatMap { [$0, $0.twin] }
        + inC(toTargets: 1) + [dmio(Array(targets.prefix(1)))]),
    Experiment(
      "copy-loop", "copies of 1 GiB from loop to loop, flushed at the end", rounds: .some,
      (copiers(of: "{loop}", to: "{loop2}", qemu: ["-n", "-t", "none", "-T", "none"]) + [directDD])
        .flatMap { [$0, $0.twin] }
        + [
          Contestant(
            "dmio", ["{dmio}", "copy", "{loop}", "{loop2}", "--yes", "--progress", "none"], meter: .stopwatch(gib: 1))
        ]),
    Experiment(
      "copy-4", "copies of 1 GiB from tmpfs to 4 targets on tmpfs", rounds: .several,
      [
        Contestant("dcfldd", ["dcfldd", "if=\(source)"] + outputs + ["bs=1M"], meter: .stopwatch(gib: 4)),
        shell("tee", "tee \(targets[0]) \(targets[1]) \(targets[2]) <\(source) >\(targets[3])", gib: 4),
        Contestant("dc3dd", ["dc3dd", "if=\(source)"] + outputs, meter: .stopwatch(gib: 4)),
      ].flatMap { [$0, $0.twin] } + inC(toTargets: 4)
        + [mapped, apart, dmio(Array(targets.prefix(4)))]),
    Experiment(
      "copy-8", "copies of 256 MiB from tmpfs to 4 and 8 targets on tmpfs", rounds: .some,
      [
        part(toTargets: 4), part(toTargets: 4).twin, part(toTargets: 8), partInC(toTargets: 4),
        partInC(toTargets: 4).twin, partInC(toTargets: 8),
      ]),
  ]

  private static let peers = ["dd", "cp", "qemu-img", "nbdcopy", "ddrescue"]

  static let copyRows = [
    Row(
      "copy-file", "copy of 1 GiB, tmpfs→tmpfs: speed / the best peer's", in: "copy-file", "dmio", over: peers,
      by: .gibPerSecond, bar: .atLeast(1.0), reach: "1.3", noise: nil, limits: ["copier-file"]),
    Row(
      "copy-loop", "copy of 1 GiB, loop→loop: speed / the best peer's", in: "copy-loop", "dmio",
      over: peers + ["dd direct"], by: .gibPerSecond, bar: .atLeast(1.0), reach: "1.3", noise: nil),
    fan("dcfldd", 2), fan("tee", 2.5), fan("dc3dd", 3),
    Row(
      "copy-8", "copy of 256 MiB: time of 8 targets / of 4", in: "copy-8", "8 targets", over: ["4 targets"],
      by: .seconds,
      bar: .atMost(2.1), reach: "1.9", noise: nil, limits: ["copier-8"]),
    Row(
      "peak-1", "peak memory of a copy to 1 target", in: "copy-file", "dmio", by: .peakMiB, bar: .atMost(64),
      reach: "32 MiB"),
    Row(
      "peak-8", "peak memory of a copy to 8 targets", in: "copy-8", "8 targets", by: .peakMiB, bar: .atMost(64),
      reach: "32 MiB"),
  ]

  /// What the machine can do at all, and how much of it `dmio` does.
  static let copierRows =
    [
      Row(
        "copier-file", "C copier / the best peer's, 1 GiB, tmpfs→tmpfs", in: "copy-file", "C copier", over: peers,
        by: .gibPerSecond, noise: nil),
      Row(
        "copier-file-dmio", "dmio / C copier, 1 target", in: "copy-file", "dmio", over: ["C copier"], by: .gibPerSecond,
        noise: nil),
    ] + ["dcfldd", "tee", "dc3dd"].flatMap(beside) + [
      Row(
        "copier-4-dmio", "dmio / C copier, 4 targets", in: "copy-4", "dmio", over: ["C copier"], by: .gibPerSecond,
        noise: nil),
      Row(
        "copier-8", "C copier: time of 8 targets / of 4", in: "copy-8", "C copier, 8 targets",
        over: ["C copier, 4 targets"], by: .seconds, noise: nil),
    ]

  private static func beside(_ peer: String) -> [Row] {
    [
      ("copier", "C copier", "C copier"), ("mapped", "C copier out of a mapping", mapped.name),
      ("apart", "C, all calls of a copy without copying", apart.name),
    ].map { id, what, subject in
      Row(
        "\(id)-4-\(peer)", "\(what) / \(peer)'s, 4 targets on tmpfs", in: "copy-4", subject, over: [peer],
        by: .gibPerSecond, noise: nil)
    }
  }

  private static func fan(_ peer: String, _ bar: Double) -> Row {
    Row(
      "copy-4-\(peer)", "copy of 1 GiB to 4 targets on tmpfs: speed / \(peer)'s", in: "copy-4", "dmio", over: [peer],
      by: .gibPerSecond, bar: .atLeast(bar), reach: "memory bandwidth", noise: nil,
      limits: ["copier-4-\(peer)", "mapped-4-\(peer)"])
  }

  private static let outputs = targets.prefix(4).map { "of=\($0)" }

  private static func dmio(_ targets: [String]) -> Contestant {
    Contestant(
      "dmio", ["{dmio}", "copy", source] + targets + ["--yes", "--progress", "none"],
      meter: .stopwatch(gib: Double(targets.count)))
  }

  /// A quarter of the source: 8 targets of all of it are more memory than a virtual machine's host leaves it for the
  /// time of a copy, and then the host's page faults are measured.
  private static func part(toTargets count: Int) -> Contestant {
    Contestant(
      "\(count) targets",
      ["{dmio}", "copy", "\(source),size=256MiB"] + targets.prefix(count) + ["--yes", "--progress", "none"],
      meter: .stopwatch(gib: Double(count) / 4))
  }

  private static func inC(toTargets count: Int) -> [Contestant] {
    let copier = Contestant(
      "C copier", ["{copier}", source] + targets.prefix(count), meter: .stopwatch(gib: Double(count)))
    return [copier, copier.twin]
  }

  /// Does not read the source: each processor looks at it once and writes it twice, from its cache. It is no way to copy
  /// what may change meanwhile: the targets would differ.
  private static let mapped = Contestant(
    "C mapped", ["{copier}", "--mapped", source] + targets.prefix(4), meter: .stopwatch(gib: 4))

  /// Less than a copy: each processor reads half of the source, and writes two targets from the memory it keeps, which is
  /// always in its cache. It waits for nobody.
  private static let apart = Contestant(
    "C apart", ["{copier}", "--apart", source] + targets.prefix(4), meter: .stopwatch(gib: 4))

  private static func partInC(toTargets count: Int) -> Contestant {
    Contestant(
      "C copier, \(count) targets", ["{copier}", "--bytes", "\(256 << 20)", source] + targets.prefix(count),
      meter: .stopwatch(gib: Double(count) / 4))
  }

  /// The block devices past the page cache, as `dmio` has them.
  private static let directDD = Contestant(
    "dd direct",
    ["dd", "if={loop}", "of={loop2}", "bs=1M", "iflag=direct", "oflag=direct", "conv=fsync", "status=none"],
    meter: .stopwatch(gib: 1))

  private static func copiers(of source: String, to target: String, qemu: [String]) -> [Contestant] {
    [
      Contestant(
        "dd", ["dd", "if=\(source)", "of=\(target)", "bs=1M", "conv=fsync", "status=none"], meter: .stopwatch(gib: 1)),
      shell("cp", "cp \(source) \(target) && sync \(target)", gib: 1),
      // Its own default never flushes.
      Contestant(
        "qemu-img", ["qemu-img", "convert", "-f", "raw", "-O", "raw", "-m", "16", "-W"] + qemu + [source, target],
        meter: .stopwatch(gib: 1)),
      Contestant("nbdcopy", ["nbdcopy", "--flush", source, target], meter: .stopwatch(gib: 1)),
      // It never flushes.
      shell("ddrescue", "ddrescue --quiet --force \(source) \(target) && sync \(target)", gib: 1),
    ]
  }

  private static func shell(_ name: String, _ script: String, gib: Double) -> Contestant {
    Contestant(name, ["sh", "-c", script], meter: .stopwatch(gib: gib))
  }
}
