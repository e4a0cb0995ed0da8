internal import DMIO

/// Copies one source to its targets: many chunks in flight, each read once and written with one request.
///
/// It belongs to the thread of its driven client. What happened is in the source and the targets afterwards.
final class Copier {
  /// Fills a chunk with its part of the source, and calls back, at once or from a completion.
  typealias Fill = (Copier, Chunk, @escaping () -> Void) -> Void

  let client: BlockClient
  let source: Source
  let targets: [Target]
  /// Fills a chunk and calls back.
  private let fill: Fill
  private var idle: [Chunk] = []
  private var busy: [Chunk] = []
  /// The first sector of the copy that no chunk has begun with.
  private(set) var next: UInt64 = 0
  /// Bytes of the chunks that are through.
  private(set) var bytesDone: UInt64 = 0
  /// Stops the copy: nothing more comes from the source.
  var hasEnded = false
  /// Called about every `tickMilliseconds`: draws the bar.
  var onTick: () -> Void = {}
  private var lastTick = ContinuousClock.now

  /// How long a wait lasts at most, so that signals are seen and the bar moves while nothing completes.
  static let tickMilliseconds = 100

  /// - Parameter fill: Fills a chunk and calls back, at once or from a completion.
  init(
    client: BlockClient, source: Source, targets: [Target],
    fill: @escaping Fill
  ) throws(BlockError) {
    self.client = client
    self.source = source
    self.targets = targets
    self.fill = fill
    let chunks = min(UInt64(Chunk.window), (source.sectors + Chunk.sectors - 1) / Chunk.sectors)
    for _ in 0..<chunks { idle.append(try Chunk(client)) }
  }

  /// Copies until everything is through, no target is left, or a signal came.
  func run() throws(BlockError) {
    while !Interrupts.areUrgent {
      if mayBegin, let chunk = idle.popLast() {
        begin(chunk)
        try client.poll(wait: false)
      } else if busy.isEmpty {
        break
      } else {
        try wait()
      }
    }
    for chunk in busy { settleAll(chunk.unsettled, chunk.range) }
    settleAll(everyTarget, next..<source.sectors)
  }

  /// Waits for completions, for a tick at most.
  func wait() throws(BlockError) {
    try client.poll(waitMilliseconds: Copier.tickMilliseconds)
    guard ContinuousClock.now - lastTick >= .milliseconds(Copier.tickMilliseconds) else { return }
    lastTick = .now
    onTick()
  }

  private var mayBegin: Bool {
    next < source.sectors && !Interrupts.areWanted && !hasEnded && (targets.isEmpty || !targets.allSatisfy(\.isDropped))
  }

  private var everyTarget: UInt64 { targets.count == 64 ? .max : (1 << UInt64(targets.count)) - 1 }

  private func begin(_ chunk: Chunk) {
    let end = min(next + Chunk.sectors, source.sectors)
    chunk.range = next..<end
    chunk.unsettled = everyTarget
    next = end
    busy.append(chunk)
    fill(self, chunk) { [self] in
      if hasEnded { return abandon(chunk) }
      // What lies behind the source's last byte is zero, whatever a file has there by now.
      chunk.zero(from: Int(source.bytes(in: chunk.range)))
      write(chunk)
    }
  }

  /// Ends a chunk that is not going to be written.
  private func abandon(_ chunk: Chunk) {
    settleAll(chunk.unsettled, chunk.range)
    chunk.unsettled = 0
    busy.removeAll { $0 === chunk }
    idle.append(chunk)
  }

  private func end(_ chunk: Chunk) {
    assert(chunk.unsettled == 0, "every target has got its answer")
    busy.removeAll { $0 === chunk }
    idle.append(chunk)
    bytesDone += source.bytes(in: chunk.range)
  }

  /// Notes that the targets of a set were not given a range.
  private func settleAll(_ set: UInt64, _ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    for index in RegionErrors(rawValue: set).indices { targets[index].addFailure(range, nil) }
  }
}

/// Writing a chunk: one request for all targets, then for each that failed its own way.
extension Copier {
  private func write(_ chunk: Chunk) {
    let asked = targets.indices.filter { !targets[$0].isDropped }
    for index in targets.indices where targets[index].isDropped {
      settle(chunk, index) { $0.addFailure(chunk.range, nil) }
    }
    guard !asked.isEmpty else { return end(chunk) }
    let ranges = asked.map { chunk.range.padded(to: targets[$0].block) }
    let regions = zip(asked, ranges).map { targets[$0].region(of: $1) }
    let longest = chunk.range.lowerBound..<(ranges.map(\.upperBound).max() ?? chunk.range.upperBound)
    chunk.pending = asked.count
    submit(.write, regions, chunk.memory(of: longest)) { [self] result in
      for (place, index) in asked.enumerated() { written(chunk, index, ranges[place], result.failure(of: place)) }
    }
  }

  private func written(_ chunk: Chunk, _ index: Int, _ range: Range<UInt64>, _ failure: RegionFailure?) {
    guard let failure else {
      settle(chunk, index) { $0.bytesWritten += source.bytes(in: range) }
      return endPart(chunk)
    }
    let target = targets[index]
    var good: UInt64 = 0
    var bad: [(Range<UInt64>, Errno)] = []
    let narrowing = Narrowing(
      block: target.block,
      attempt: { [self] range, answer in
        submit(.write, [target.region(of: range)], chunk.memory(of: range)) { answer($0.failure(of: 0)?.errno) }
      },
      bad: {
        bad.append(($0, $1))
        target.isDropped = true
      },
      good: { [self] in good += source.bytes(in: $0) },
      whenDone: { [self] in
        settle(chunk, index) { target in
          target.bytesWritten += good
          for (range, errno) in bad { target.addFailure(range.clamped(to: chunk.range), errno) }
        }
        endPart(chunk)
      })
    narrowing.start(range, failure.errno)
  }

  private func settle(_ chunk: Chunk, _ index: Int, _ note: (Target) -> Void) {
    chunk.unsettled &= ~(1 << UInt64(index))
    note(targets[index])
  }

  private func endPart(_ chunk: Chunk) {
    chunk.pending -= 1
    if chunk.pending == 0 { end(chunk) }
  }

  /// Submits a request whose defects were excluded before; should one be left, every region fails with it.
  func submit(
    _ operation: Operation, _ regions: [Region], _ memory: Memory, _ completion: @escaping (RegionResult) -> Void
  ) {
    do {
      try client.submit(operation, regions, memory, onThisThread: completion)
    } catch {
      preconditionFailure("a request of the copier was refused: \(error)")
    }
  }
}
