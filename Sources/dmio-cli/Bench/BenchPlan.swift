internal import DMIO
internal import DMIONames

/// What a bench does: its options, checked against each other and the limits.
struct BenchPlan: Sendable {
  /// When it ends.
  enum End: Sendable, Equatable {
    case seconds(Double)
    /// After so many requests of each thread.
    case requests(Int)
  }

  let operation: BenchOperation
  /// Bytes that a request moves to or from each of its regions.
  let blockBytes: Int
  /// Requests that each thread keeps in flight.
  let depth: Int
  /// Regions of a request.
  let regions: Int
  let memory: BenchMemory
  let door: BenchDoor
  let threads: Int
  let isShared: Bool
  let engine: EngineChoice
  let end: End
  let takesLatencies: Bool
  /// True when what happens over time is wanted, too.
  let isDrawn: Bool

  /// How long it takes, where it ends by time.
  var nanoseconds: UInt64? {
    guard case .seconds(let seconds) = end else { return nil }
    return UInt64(seconds * 1e9)
  }
  /// Sectors of a block.
  var blockSectors: Int { blockBytes / Limits.sectorBytes }
  /// Pages that the bytes of one request take.
  var blockPages: Int { (blockBytes + Limits.pageBytes - 1) / Limits.pageBytes }

  /// Pages that the bytes of one thread's requests take; separate ones leave every second page out.
  var bytePages: Int { depth * blockPages * (memory == .contiguous ? 1 : 2) }

  /// Pages to register: all of them, as far as a client can have so many.
  var registeredPages: Int { min(bytePages * (isShared ? threads : 1), Limits.registeredPages) }

  /// Pages to reserve, so that no request waits for another: one for each in flight, and enough for all their pieces.
  var reservation: Int {
    let requests = isShared ? depth * threads : depth
    let pieces = requests * regions * ((blockBytes + Limits.pieceBytes - 1) / Limits.pieceBytes)
    let most = Limits.pieces / Limits.piecesPerPage
    return max(requests, min(most, (pieces + Limits.piecesPerPage - 1) / Limits.piecesPerPage))
  }

  static let mostThreads = 256
  static let mostSeconds = 604_800.0
  static let mostBlockBytes = 64 << 20
  /// Bytes of all requests in flight.
  static let mostBytes = 4 << 30

  /// The plan that the options mean; refuses, as wrong usage, what cannot be meant.
  init(_ options: BenchOptions, engine: EngineChoice, isDrawn: Bool) throws(Refusal) {
    operation = options.operation
    blockBytes = try BenchPlan.blockBytes(options.blockSize)
    depth = options.door == .blocking ? 1 : options.depth ?? 32
    regions = options.regions
    memory = options.memory
    door = options.door
    threads = options.threads
    isShared = options.shared
    self.engine = engine
    end = try BenchPlan.end(options)
    takesLatencies = options.latency
    self.isDrawn = isDrawn
    try BenchPlan.check("--depth", options.depth ?? depth, 1...Limits.pieces, "each request in flight needs a piece")
    try BenchPlan.check("--regions", regions, 1...Limits.regions, "an error bit stands for each")
    try BenchPlan.check("--threads", threads, 1...BenchPlan.mostThreads, "more would only wait for each other")
    try checkTogether()
  }

  /// What options mean only together.
  private func checkTogether() throws(Refusal) {
    if operation == .read, regions > 1 {
      throw BenchPlan.usage("--regions \(regions): a read has 1 region; --operation write has up to \(Limits.regions)")
    }
    if isShared, door == .batch {
      throw BenchPlan.usage("--shared --door batch: a batch belongs to the client's own thread; leave out --shared")
    }
    if isShared, depth * threads > Limits.pieces {
      throw BenchPlan.usage(
        "--depth \(depth) --threads \(threads) --shared: \(depth * threads) requests in flight; a client has "
          + "\(Limits.pieces) pieces for them")
    }
    let bytes = depth * threads * blockPages * Limits.pageBytes
    if bytes > BenchPlan.mostBytes {
      throw BenchPlan.usage(
        "--depth \(depth) --threads \(threads) --block-size \(blockBytes): the requests in flight would hold "
          + "\(ByteSize(bytes: UInt64(bytes))); the most is \(ByteSize(bytes: UInt64(BenchPlan.mostBytes)))")
    }
  }

  private static func blockBytes(_ text: String) throws(Refusal) -> Int {
    let size: ByteSize
    do throws(NameError) { size = try ByteSize(parsing: text) } catch {
      throw usage("--block-size: \(error.message)")
    }
    guard size.bytes >= UInt64(Limits.sectorBytes), size.bytes % UInt64(Limits.sectorBytes) == 0 else {
      throw usage("--block-size \(printable(text)): no multiple of \(Limits.sectorBytes) bytes")
    }
    guard size.bytes <= UInt64(mostBlockBytes) else {
      throw usage(
        "--block-size \(printable(text)): too large; the most is \(ByteSize(bytes: UInt64(mostBlockBytes)))")
    }
    return Int(size.bytes)
  }

  private static func end(_ options: BenchOptions) throws(Refusal) -> End {
    if let ios = options.ios {
      if options.seconds != nil { throw usage("--seconds and --ios: the end is a time or a number; give one of them") }
      guard ios >= 1 else { throw usage("--ios \(ios): at least 1 request a thread is needed") }
      return .requests(ios)
    }
    let seconds = options.seconds ?? 5
    // A number that is none compares with nothing.
    guard seconds > 0, seconds <= mostSeconds else {
      throw usage("--seconds \(seconds): has to be above 0, and at most \(Int(mostSeconds)) (a week)")
    }
    return .seconds(seconds)
  }

  private static func check(
    _ option: String, _ value: Int, _ range: ClosedRange<Int>, _ why: String
  ) throws(Refusal) {
    guard !range.contains(value) else { return }
    throw usage("\(option) \(value): has to be \(range.lowerBound) to \(range.upperBound); \(why)")
  }

  private static func usage(_ message: String) -> Refusal { Refusal(message, exit: .usage) }
}
