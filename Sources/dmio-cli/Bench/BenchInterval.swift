/// Throughput and latencies of all threads in one part of the time.
struct BenchInterval: Sendable {
  /// Seconds from the beginning of the bench.
  let start: Double
  let end: Double
  let requests: UInt64
  /// Microseconds; nil where no latency was taken.
  let median: Double?
  let p99: Double?

  /// Requests that were answered in a second.
  var requestsPerSecond: Double { Double(requests) / (end - start) }

  /// The intervals of all threads, added up, and all latencies. Threads may have ended at different times.
  static func all(
    of threads: [Stable<BenchThread>], seconds: Double
  ) -> (intervals: [BenchInterval], latencies: Histogram) {
    let width = threads.map { $0.pointee.series.width }.max() ?? .max
    for thread in threads { while thread.pointee.series.width < width { thread.pointee.series.widen() } }
    var latencies = Histogram()
    var intervals: [BenchInterval] = []
    for index in 0..<(threads.first?.pointee.series.capacity ?? 0) {
      let start = Double(index) * Double(width) / 1e9
      guard start < seconds || index == 0 else { break }
      var own = Histogram()
      for thread in threads { own.add(thread.pointee.series.histogram(index)) }
      latencies.add(own)
      let end = min(Double(index + 1) * Double(width) / 1e9, seconds)
      // The rest of a last interval that had hardly begun says nothing.
      guard end - start >= Double(width) / 2e9 || index == 0 && end > start else { continue }
      intervals.append(
        BenchInterval(
          start: start, end: end, requests: threads.reduce(0) { $0 + $1.pointee.series.requests(index) },
          median: own.percentile(0.5).map { $0 / 1000 }, p99: own.percentile(0.99).map { $0 / 1000 }))
    }
    return (intervals, latencies)
  }
}
