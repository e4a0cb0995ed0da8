internal import DMIO
internal import DMIOCopy

/// The picture of a run: throughput of every target over time, and where each failed.
final class Picture {
  private let file: ReplacedFile
  init(_ file: ReplacedFile) { self.file = file }
  func take(_ copy: CopyRun) {}
  func write(_ receipt: Receipt) -> Refusal? { nil }
}
