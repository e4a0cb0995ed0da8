import Comparison
import Foundation
import Testing

@Suite struct SampleTests {
  @Test("a report of the tool is read, whatever else it holds") func report() throws {
    let text = #"{"iops":2000000.5,"cpu_ns_per_io":410.25,"latency_us":{"p50":1},"ios":5,"seconds":0.2,"errors":0}"#
    #expect(try Sample(report: Data(text.utf8)) == Sample([.iops: 2_000_000.5, .cpuNanosecondsPerIO: 410.25]))
  }

  @Test("a report of I/Os that failed is refused") func failedReport() {
    #expect(throws: SampleError.self) {
      try Sample(report: Data(#"{"iops":1,"cpu_ns_per_io":1,"errors":3}"#.utf8))
    }
  }

  @Test("turns of the same length count as one run, and CPU time goes by I/Os") func turns() {
    let turns = [
      Sample([.iops: 100, .cpuNanosecondsPerIO: 10]), Sample([.iops: 300, .cpuNanosecondsPerIO: 2]),
    ]
    #expect(Sample(turns: turns) == Sample([.iops: 200, .cpuNanosecondsPerIO: 4]))
    #expect(Sample(turns: [turns[1]]) == turns[1])
    #expect(Sample(turns: []) == nil)
    #expect(Sample(turns: [Sample([.iops: 0]), Sample([.iops: 0])]) == nil)
  }

  @Test("fio's message before its JSON is left out, reads and writes are added up") func fio() throws {
    let text = #"note: both iodepth >= 1…\#n{"jobs":[{"error":0,"read":{"iops":0},"write":{"iops":125.5}}]}"#
    #expect(try Sample(fio: Data(text.utf8)) == Sample([.iops: 125.5]))
  }

  @Test("fio's errors are errors") func failedFio() {
    let text = #"{"jobs":[{"error":5,"read":{"iops":0},"write":{"iops":1}}]}"#
    #expect(throws: SampleError.self) { try Sample(fio: Data(text.utf8)) }
  }

  @Test("a time is a speed, too, and processor time is kept beside it") func stopwatch() throws {
    let sample = try Sample(stopwatch: Data(#"{"seconds":0.5,"cpu_seconds":1,"peak_kib":2048}"#.utf8), gib: 4)
    #expect(sample == Sample([.seconds: 0.5, .cpuSeconds: 1, .gibPerSecond: 8, .peakMiB: 2]))
  }

  @Test("what is no JSON, or lacks what is measured, is refused") func garbage() {
    #expect(throws: SampleError.self) { try Sample(report: Data("Segmentation fault".utf8)) }
    #expect(throws: SampleError.self) { try Sample(report: Data(#"{"iops":1}"#.utf8)) }
  }
}
