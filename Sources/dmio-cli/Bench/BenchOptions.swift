internal import ArgumentParser
internal import DMIO
internal import DMIONames

/// What a bench does with the device.
enum BenchOperation: String, ExpressibleByArgument, CaseIterable {
  case read, write

  var operation: Operation { self == .read ? .read : .write }
}

/// Where the bytes of a bench's request are.
enum BenchMemory: String, ExpressibleByArgument, CaseIterable {
  /// In one buffer.
  case contiguous
  /// In vectors of a page each, none of which follows another.
  case scattered
  /// In a list of such pages.
  case list
}

/// The door by which a bench makes its requests.
enum BenchDoor: String, ExpressibleByArgument, CaseIterable {
  /// A C function and a context.
  case callback
  /// A closure.
  case closure
  /// One `await` a request.
  case async
  /// One `await` for all completions of a turn.
  case batch
  /// A call that returns when the request is over.
  case blocking
}

/// The options of `dmio bench`, as they were typed.
struct BenchOptions: ParsableArguments {
  @Option(help: "What is done.") var operation = BenchOperation.read
  @Option(parsing: .unconditional, help: ArgumentHelp("Bytes of a request in each region.", valueName: "size"))
  var blockSize = "4k"
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Requests that each thread keeps in flight. (default: 32; blocking: 1)", valueName: "n"))
  var depth: Int?
  @Option(parsing: .unconditional, help: ArgumentHelp("Regions of a request; 1 for reads.", valueName: "n"))
  var regions = 1
  @Option(help: "One buffer a request, or separate pages: as vectors, or in a list.") var memory = BenchMemory
    .contiguous
  @Option(help: "How requests are made.") var door = BenchDoor.callback
  @Option(parsing: .unconditional, help: ArgumentHelp("Threads, each with a client of its own.", valueName: "n"))
  var threads = 1
  @Flag(help: "One client for all threads.") var shared = false
  @Option(parsing: .unconditional, help: ArgumentHelp("How long. (default: 5)", valueName: "s")) var seconds: Double?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("End after so many requests a thread, not by time.", valueName: "n"))
  var ios: Int?
  @Flag(inversion: .prefixedNo, help: "Take latencies.") var latency = true
}
