public import Foundation

/// What one run of a program gave.
public struct Sample: Sendable, Equatable, Encodable {
  /// The quantities that were measured.
  public var values: [Quantity: Double]

  /// With these quantities.
  public init(_ values: [Quantity: Double]) {
    self.values = values
  }

  /// From runs of the same program, of the same length each, taken as one; nil of none.
  public init?(turns: [Sample]) {
    guard let first = turns.first else { return nil }
    guard turns.count > 1 else {
      self = first
      return
    }
    let iops = turns.map { $0.values[.iops] ?? 0 }
    let (total, cpu) = (iops.reduce(0, +), zip(turns, iops).map { ($0.values[.cpuNanosecondsPerIO] ?? 0) * $1 })
    guard total > 0 else { return nil }
    self.init([.iops: total / Double(turns.count), .cpuNanosecondsPerIO: cpu.reduce(0, +) / total])
  }

  /// From what `dmio bench --json`, the reference and the peers print.
  public init(report: Data) throws(SampleError) {
    struct Report: Decodable {
      let iops: Double
      let cpu_ns_per_io: Double
      let errors: Int?
    }
    let report = try decode(Report.self, from: report)
    if let errors = report.errors, errors > 0 { throw SampleError("\(errors) of its I/Os failed") }
    self.init([.iops: report.iops, .cpuNanosecondsPerIO: report.cpu_ns_per_io])
  }

  /// From fio's output: one job, reads or writes.
  ///
  /// fio tells the CPU time of the thread that submits only, which leaves out the kernel's workers. It is not
  /// comparable, so it is not taken.
  public init(fio: Data) throws(SampleError) {
    struct Output: Decodable {
      struct Job: Decodable {
        struct Direction: Decodable { let iops: Double }
        let read: Direction
        let write: Direction
        let error: Int
      }
      let jobs: [Job]
    }
    let output = try decode(Output.self, from: fio)
    guard let job = output.jobs.first else { throw SampleError("fio ran no job") }
    guard job.error == 0 else { throw SampleError("fio's job failed with errno \(job.error)") }
    self.init([.iops: job.read.iops + job.write.iops])
  }

  /// From the file of the stopwatch, for a program that wrote `gib`.
  public init(stopwatch: Data, gib: Double) throws(SampleError) {
    struct Times: Decodable {
      let seconds: Double
      let cpu_seconds: Double
      let peak_kib: Double
    }
    let times = try decode(Times.self, from: stopwatch)
    self.init([
      .seconds: times.seconds, .cpuSeconds: times.cpu_seconds, .gibPerSecond: gib / times.seconds,
      .peakMiB: times.peak_kib / 1024,
    ])
  }
}

/// Why a program's output is no sample.
public struct SampleError: Error, CustomStringConvertible {
  /// The reason, a sentence without its end.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// What JSON says of a `Value`; fio writes messages before it, and they are left out.
private func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws(SampleError) -> Value {
  guard let start = data.firstIndex(of: UInt8(ascii: "{")) else {
    throw SampleError("it printed no JSON")
  }
  do {
    return try JSONDecoder().decode(type, from: data[start...])
  } catch {
    throw SampleError("its JSON lacks what is measured: \(error)")
  }
}
