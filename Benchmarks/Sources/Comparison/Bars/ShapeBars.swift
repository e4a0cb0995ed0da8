extension Bars {
  private static let regions = ["--regions", "3"]
  private static let block = 16 * 4096

  /// Other shapes of I/O to /dev/null: dm-io's requests, blocking calls, several threads.
  static let shapeExperiments = [
    Experiment(
      "regions-contiguous", "writes of 16 pages side by side to 3 regions of /dev/null, depth 16",
      Contestant.twins(Command.reference(shape: "regions", depth: 16, block: block, more: regions)) + [
        Contestant("callback", Command.dmio(depth: 16, block: "64KiB", more: regions + ["--memory", "contiguous"]))
      ]),
    Experiment(
      "regions-scattered", "writes of 16 scattered pages to 3 regions of /dev/null, depth 16", rounds: .most,
      // Registered memory makes vectors slower on a device that costs nothing: C at its best leaves it.
      Contestant.twins(
        Command.reference(
          shape: "regions", depth: 16, block: block,
          more: regions + ["--memory", "scattered", "--registered", "files,ring"])) + [
          Contestant(
            "C list",
            Command.reference(
              shape: "regions", depth: 16, block: block,
              more: regions + ["--memory", "list", "--registered", "files,ring"])),
          Contestant("callback", Command.dmio(depth: 16, block: "64KiB", more: regions + ["--memory", "scattered"])),
          Contestant("callback, list", Command.dmio(depth: 16, block: "64KiB", more: regions + ["--memory", "list"])),
        ]),
    Experiment(
      "blocking", "4 KiB blocking writes to /dev/null",
      Contestant.twins(Command.reference(shape: "blocking", depth: 1)) + [
        Contestant("blocking", Command.dmio(door: "blocking"))
      ]),
    Experiment(
      "threads", "4 KiB writes to /dev/null, depth 32, each thread with a client or ring of its own", rounds: .most,
      // It takes the kernel some milliseconds to put them on two processors.
      lengthening: 4,
      Contestant.twins(Command.reference()) + [
        Contestant("C 2 threads", Command.reference(shape: "threads", more: ["--threads", "2"])),
        Contestant("1 thread", Command.dmio()),
        Contestant("2 threads", Command.dmio(more: ["--threads", "2"])),
        // Twins, for what keeps the second processor busy is not felt by one thread.
      ]
        + Contestant.twins(
          Command.reference(shape: "processes", more: ["--threads", "2"]), named: "C 2 processes")),
    Experiment(
      "shared", "4 KiB writes to /dev/null, 2 threads that share one client or ring, depth 32 each",
      Contestant.twins(Command.reference(shape: "shared", more: ["--threads", "2"])) + [
        Contestant("shared", Command.dmio(more: ["--threads", "2", "--shared"]))
      ]),
  ]

  static let shapeRows = [
    Row(
      "regions-contiguous", "3 regions × 16 pages, contiguous / C", in: "regions-contiguous", "callback", over: ["C"],
      bar: .atLeast(0.92), reach: "1.0"),
    Row(
      "regions-scattered", "3 regions × 16 pages, scattered / C with WRITEV", in: "regions-scattered", "callback",
      over: ["C"], bar: .atLeast(0.95), reach: "1.0"),
    Row(
      "regions-list", "the same from a page list / C from a page list", in: "regions-scattered", "callback, list",
      over: ["C list"], bar: .atLeast(0.92), reach: "1.0"),
    Row(
      "list-c", "the same from a page list in C / C with WRITEV", in: "regions-scattered", "C list", over: ["C"]),
    Row(
      "list-callback", "the same from a page list / C with WRITEV", in: "regions-scattered", "callback, list",
      over: ["C"]),
    Row(
      "blocking", "blocking door / pwrite in C, /dev/null", in: "blocking", "blocking", over: ["C"],
      bar: .atLeast(0.88),
      reach: "0.95"),
    Row(
      "threads", "two client threads / one, depth 32", in: "threads", "2 threads", over: ["1 thread"],
      bar: .atLeast(1.9),
      reach: "2.0", limits: ["threads-c", "processes-c"]),
    Row("threads-c", "two threads / one in C, depth 32", in: "threads", "C 2 threads", over: ["C"]),
    Row("processes-c", "two processes / one in C, depth 32", in: "threads", "C 2 processes", over: ["C"]),
    Row(
      "shared", "shared client, 2 submitting threads / C with a mutex around one ring", in: "shared", "shared",
      over: ["C"], bar: .atLeast(0.9), reach: "1.5"),
  ]
}
