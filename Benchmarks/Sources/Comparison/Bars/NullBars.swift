extension Bars {
  /// 4 KiB writes to /dev/null, which costs next to nothing: what is left is the library.
  static let nullExperiments = depths.map { depth in
    Experiment(
      "null-\(depth)", "4 KiB writes to /dev/null, depth \(depth)",
      Contestant.twins(Command.reference(depth: depth))
        + doors(at: depth).map { Contestant($0, Command.dmio(door: $0, depth: depth)) }
        // The price of suspending a task, whatever the default engine does about a request that never waits.
        + (depth == 128 ? [] : [Contestant("async uring", Command.dmio(door: "async", depth: depth, more: uring))])
        + [Contestant("IORing", Command.peer("ioring", depth: depth))])
  }

  /// The same beside those who take some time to get going, and would keep the others from taking turns. They are far from their
  /// bars: more rounds would decide nothing.
  static let peerExperiments = depths.map { depth in
    Experiment(
      "peers-\(depth)", "4 KiB writes to /dev/null, depth \(depth), beside others", rounds: .few,
      Contestant.twins(Command.reference(depth: depth)) + [
        Contestant("callback", Command.dmio(depth: depth)),
        Contestant("fio", Command.fio(depth: depth), meter: .fio),
      ] + (depth == 32 ? [Contestant("async", Command.dmio(door: "async", depth: depth))] + hoppers : []))
  }

  private static let uring = ["--engine", "uring"]

  /// They hand every I/O to another thread.
  private static let hoppers = [
    Contestant("_NIOFileSystem", Command.peer("nio", depth: 32)),
    Contestant("DispatchIO", Command.peer("dispatch", depth: 32)),
  ]

  private static func doors(at depth: Int) -> [String] {
    switch depth {
    case 1: ["callback", "closure", "async"]
    case 32: ["callback", "closure", "async", "batch"]
    default: ["callback", "closure", "batch"]
    }
  }

  private static let depths = [1, 32, 128]

  static let nullRows =
    depths.flatMap(callback) + [async(depth: 1, bar: 0.55, reach: "0.8"), async(depth: 32, bar: 0.43, reach: "0.6")]
    + [batch(depth: 32), batch(depth: 128)] + depths.map(fio) + ["_NIOFileSystem", "DispatchIO"].map(hopper)
    + depths.flatMap(shown) + [1, 32].map(suspended)
    + ["_NIOFileSystem", "DispatchIO"].map { Row("c-\($0)", "C / \($0), depth 32", in: "peers-32", "C", over: [$0]) }

  private static func callback(depth: Int) -> [Row] {
    [
      Row(
        "callback-\(depth)", "callback door / C, depth \(depth)", in: "null-\(depth)", "callback", over: ["C"],
        bar: .atLeast(0.92), reach: "1.0"),
      Row(
        "callback-cpu-\(depth)", "callback door / C, CPU per I/O, depth \(depth)", in: "null-\(depth)", "callback",
        over: ["C"], by: .cpuNanosecondsPerIO, bar: .atMost(1.08), reach: "1.0"),
    ]
  }

  private static func async(depth: Int, bar: Double, reach: String) -> Row {
    Row(
      "async-\(depth)", "async, one await a request / C, depth \(depth)", in: "null-\(depth)", "async", over: ["C"],
      bar: .atLeast(bar), reach: reach)
  }

  private static func batch(depth: Int) -> Row {
    Row(
      "batch-\(depth)", "async in batches / C, depth \(depth)", in: "null-\(depth)", "batch", over: ["C"],
      bar: .atLeast(0.90),
      reach: "1.0")
  }

  private static func fio(depth: Int) -> Row {
    Row(
      "fio-\(depth)", "callback door / fio, depth \(depth)", in: "peers-\(depth)", "callback", over: ["fio"],
      bar: .atLeast(1.5), reach: "1.7", limits: ["fio-c-\(depth)"])
  }

  private static func hopper(_ peer: String) -> Row {
    Row(
      "async-\(peer)", "async door / \(peer), depth 32", in: "peers-32", "async", over: [peer], bar: .atLeast(6),
      reach: "8")
  }

  private static func suspended(depth: Int) -> Row {
    Row(
      "suspended-\(depth)", "async through the ring, each request suspended / C, depth \(depth)", in: "null-\(depth)",
      "async uring", over: ["C"])
  }

  private static func shown(depth: Int) -> [Row] {
    [
      Row("closure-\(depth)", "closure door / C, depth \(depth)", in: "null-\(depth)", "closure", over: ["C"]),
      Row(
        "ioring-\(depth)", "callback door / swift-system's IORing, depth \(depth)", in: "null-\(depth)", "callback",
        over: ["IORing"]),
      // What there is to gain: nothing is faster than C by much.
      Row("fio-c-\(depth)", "C / fio, depth \(depth)", in: "peers-\(depth)", "C", over: ["fio"]),
    ]
  }
}
