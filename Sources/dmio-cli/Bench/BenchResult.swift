internal import DMIO

/// What came of a bench.
struct BenchResult: Sendable {
  let plan: BenchPlan
  let device: OpenDevice
  let engines: Engines
  /// Requests that succeeded, and those that failed.
  let good: Int
  let errors: Int
  let firstFailure: RegionFailure?
  /// From the first request to the last answer.
  let seconds: Double
  /// Processor time of the process meanwhile.
  let cpuNanoseconds: UInt64
  /// Latencies of all requests, as far as the samples tell.
  let latencies: Histogram
  let samples: UInt64
  let longestNanoseconds: UInt64
  let intervals: [BenchInterval]
  var exit: ExitCode

  /// Requests a second; those that failed do not count.
  var requestsPerSecond: Double { seconds > 0 ? Double(good) / seconds : 0 }
  /// Bytes that went to or from all regions, in MiB a second.
  var mebibytesPerSecond: Double { requestsPerSecond * Double(plan.blockBytes * plan.regions) / 1_048_576 }
  /// Processor time of one request, whether it succeeded or not.
  var cpuNanosecondsPerRequest: Double? {
    good + errors > 0 ? Double(cpuNanoseconds) / Double(good + errors) : nil
  }
  /// Microseconds that `share` (0…1) of the latencies do not exceed; nil when none was taken.
  func latency(_ share: Double) -> Double? {
    // The middle of the last class may lie beyond the longest.
    latencies.percentile(share).map { min($0, Double(longestNanoseconds)) / 1000 }
  }
  /// The longest latency that was taken, in microseconds.
  var longest: Double? { latencies.count > 0 ? Double(longestNanoseconds) / 1000 : nil }
}

/// Which engine a bench had, and how it reached the device.
struct Engines: Sendable {
  let engine: EngineReport
  let lane: EngineReport

  init(_ client: BlockClient, _ opened: OpenDevice) {
    engine = client.engine
    lane = client.lane(of: opened.innermost)
  }
}

extension BenchResult {
  /// What the threads of a bench did, together; throws why one of them could not go on.
  init(
    _ plan: BenchPlan, _ device: BenchDevice, _ threads: [Stable<BenchThread>], cpuNanoseconds: UInt64,
    isInterrupted: Bool
  ) throws(Refusal) {
    for thread in threads {
      if let trouble = thread.pointee.trouble { throw Refusal("\(device.opened.name): \(trouble)") }
    }
    guard let engines = threads.first?.pointee.engines else { throw Refusal("no thread could be started") }
    self.plan = plan
    self.device = device.opened
    self.engines = engines
    self.cpuNanoseconds = cpuNanoseconds
    errors = threads.reduce(0) { $0 + $1.pointee.errors }
    good = threads.reduce(0) { $0 + $1.pointee.requests } - errors
    firstFailure = threads.lazy.compactMap { $0.pointee.firstFailure }.first
    let began = threads.map { $0.pointee.began }.min() ?? 0
    let ended = threads.map { $0.pointee.ended }.max() ?? 0
    seconds = Double(ended - began) / 1e9
    samples = threads.reduce(0) { $0 + $1.pointee.series.samples }
    longestNanoseconds = threads.map { $0.pointee.series.longest }.max() ?? 0
    (intervals, latencies) = BenchInterval.all(of: threads, seconds: seconds)
    exit = .of(isInterrupted: isInterrupted, operation: plan.operation, errors: errors)
  }
}

extension ExitCode {
  /// The code of a bench: a device that failed is a source with holes when it was read, a bad target when it was written.
  static func of(isInterrupted: Bool, operation: BenchOperation, errors: Int) -> ExitCode {
    if isInterrupted { return .interrupted }
    if errors == 0 { return .good }
    return operation == .read ? .sourceHoles : .tooFewTargets
  }
}
