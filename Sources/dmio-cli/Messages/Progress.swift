internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames
internal import Glibc

/// Whether and how progress is shown.
struct ProgressOptions: ParsableArguments {
  enum Mode: String, ExpressibleByArgument, CaseIterable { case auto, line, json, none }

  @Option(help: "Show progress.") var progress = Mode.auto
  @Option(parsing: .unconditional, help: ArgumentHelp("Write progress to descriptor N, as JSON Lines.", valueName: "N"))
  var progressFd: Int32?

  func validate() throws {
    guard let progressFd else { return }
    if progressFd < 0 || fcntl(progressFd, F_GETFD) < 0 {
      throw ValidationError("--progress-fd \(progressFd): is not open")
    }
    Streams.note(progress: progressFd)
  }

  /// Refuses standard output as the place of progress, where something else has it for itself.
  func refuseStandardOutput(_ reason: String) throws {
    guard progressFd == STDOUT_FILENO else { return }
    throw ValidationError("--progress-fd 1: is standard output, where \(reason); name another descriptor, such as 2")
  }
}

/// How far a copy is: drawn at each tick on a terminal, told once a second elsewhere, and whenever SIGUSR1 asks. What the reader
/// does not take at once is left out: a copy does not wait for it.
struct Progress {
  private let run: CopyRun
  private let names: [String]
  private let started = ContinuousClock.now
  private let options: ProgressOptions
  private let isDrawn: Bool
  /// Bytes that were there before this run.
  private let before: (source: UInt64, targets: [UInt64])
  private var lastTold: ContinuousClock.Instant?
  private var lines = 0

  init(_ run: CopyRun, _ names: [String], _ options: ProgressOptions) {
    self.run = run
    self.names = names
    self.options = options
    isDrawn = options.progress == .auto && options.progressFd == nil && isatty(STDERR_FILENO) == 1
    let done = run.targets.map { $0.map.count(of: .done) * 512 }
    before = (done.min() ?? 0, done)
  }

  /// Shows the present state, if it is time for that.
  mutating func tick() {
    if Interrupts.takeStatusWish() { tell() }
    if isDrawn { return draw() }
    guard options.progress == .line || options.progress == .json || options.progressFd != nil else { return }
    if let lastTold, ContinuousClock.now - lastTold < .seconds(1) { return }
    lastTold = .now
    tell()
  }

  /// Takes what was drawn off the terminal, and leaves the last state elsewhere.
  mutating func finish() {
    if isDrawn { return erase() }
    if options.progress == .line || options.progress == .json || options.progressFd != nil { tell() }
  }

  /// One record: JSON where that was asked for, else a line.
  private func tell() {
    if options.progress == .json || options.progressFd != nil {
      Offers.offer(json.text + "\n", to: options.progressFd ?? STDERR_FILENO)
    } else {
      Offers.offer(total + "\n", to: STDERR_FILENO)
    }
  }

  private mutating func draw() {
    // More targets than fit a screen would scroll it.
    let shown = names.count > 1 && names.count <= 16 ? run.targets.indices.map(line) : []
    let text = (shown + [total]).map { "\r\($0)\u{1B}[K" }.joined(separator: "\n")
    let isTaken = Offers.offer((lines > 1 ? "\u{1B}[\(lines - 1)A" : "") + text, to: STDERR_FILENO)
    if isTaken { lines = shown.count + 1 }
  }

  private mutating func erase() {
    guard lines > 0 else { return }
    let up = lines > 1 ? "\u{1B}[\(lines - 1)A" : ""
    StandardStreams.error("\(up)\r\u{1B}[J")
    lines = 0
  }

  private var seconds: Double { max(0.001, Double((ContinuousClock.now - started) / .milliseconds(1)) / 1000) }
  private var all: UInt64 { run.source.bytes }
  /// Bytes that are through on all targets that still take part.
  private var done: UInt64 {
    run.targets.indices.filter { !run.targets[$0].isDropped }.map(done).min() ?? min(all, before.source + run.bytesDone)
  }
  private var rate: Double { Double(done - min(done, before.source)) / seconds }
  private var left: Double? { rate > 0 ? Double(all - done) / rate : nil }

  private func done(_ target: Int) -> UInt64 { min(all, before.targets[target] + run.targets[target].bytesSettled) }

  private var total: String {
    let percent = Progress.percent(done, all)
    let bar = String(repeating: "#", count: percent / 5) + String(repeating: ".", count: 20 - percent / 5)
    let bad = run.targets.count { $0.isDropped }
    let holes = run.source.holes.isEmpty ? "" : ", the source has bad sectors"
    let targets = bad == 0 ? "" : ", \(bad) of \(run.targets.count) targets failed"
    let rest = left.map(Progress.duration) ?? "?"
    return
      "[\(bar)] \(percent)% of \(ByteSize(bytes: all)), \(ByteSize(bytes: UInt64(rate)))/s, \(rest) left\(targets)\(holes)"
  }

  private func line(_ target: Int) -> String {
    let percent = String(Progress.percent(done(target), all))
    let name = names[target].count > 40 ? "…" + names[target].suffix(39) : names[target]
    return "\(String(repeating: " ", count: max(0, 3 - percent.count)))\(percent)%  \(name): \(state(target))"
  }

  private func state(_ target: Int) -> String {
    let target = run.targets[target]
    if target.isStuck { return "does not answer" }
    if target.isDropped { return "failed" }
    if target.isSettled { return "done" }
    if target.isLeftBehind { return "slow, catching up" }
    return target.settling.step == .begun ? "flushing" : "copying"
  }

  private var json: JSON {
    .object([
      ("seconds", .literal(plain((seconds * 1000).rounded() / 1000))), ("bytes", .number(done)),
      ("total", .number(all)),
      ("bytes_per_s", .number(UInt64(rate))), ("seconds_left", left.map { .number(UInt64($0.rounded(.up))) } ?? .null),
      (
        "targets",
        .array(
          run.targets.indices.map {
            .object([("device", .string(names[$0])), ("bytes", .number(done($0))), ("state", .string(state($0)))])
          })
      ),
    ])
  }

  private static func percent(_ done: UInt64, _ all: UInt64) -> Int {
    all == 0 ? 100 : Int(Double(done) / Double(all) * 100)
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 359_999))
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
  }
}
