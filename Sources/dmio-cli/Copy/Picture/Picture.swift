internal import DMIO
internal import DMIOCopy

/// The picture of a run: throughput of every target over time, and where each failed.
final class Picture {
  private let file: ReplacedFile
  private var started = ContinuousClock.now
  private var samples = Samples([])
  /// When each target had nothing more to do.
  private var ends: [Double?] = []

  init(_ file: ReplacedFile) { self.file = file }

  /// Notes what was known before the copy.
  func begin(_ copy: CopyRun) {
    started = .now
    samples = Samples(Picture.counts(copy))
    ends = copy.targets.map { _ in nil }
  }

  /// Called now and then: notes how far the copy is, if it is time.
  ///
  /// - Parameter isLast: The copy is over.
  func take(_ copy: CopyRun, isLast: Bool = false) {
    let now = seconds(.now)
    for (index, target) in copy.targets.enumerated() where ends[index] == nil {
      ends[index] = target.settling.end.map(seconds) ?? (target.isDropped || target.isStuck ? now : nil)
    }
    guard isLast || samples.isDue(at: now) else { return }
    samples.add(.init(seconds: now, counts: Picture.counts(copy)))
  }

  /// Draws the picture, and writes it in the place of what is there.
  func write(_ receipt: Receipt) -> Refusal? {
    do throws(Refusal) { try file.write(CopyPlot(receipt, samples, ends: ends).svg()) } catch { return error }
    return nil
  }

  private func seconds(_ instant: ContinuousClock.Instant) -> Double {
    max(0, Double((instant - started) / .microseconds(1)) / 1e6)
  }

  private static func counts(_ copy: CopyRun) -> [Samples.Count] {
    [.init(bytes: copy.source.bytesRead, bad: copy.source.map.count(of: .bad))]
      + copy.targets.map { .init(bytes: $0.bytesWritten, bad: $0.map.count(of: .bad)) }
  }
}
