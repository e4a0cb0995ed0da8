import DMIO

/// One way to the service: an engine, a kind of client and a door.
package struct Way: Hashable, Sendable, CustomStringConvertible {
  package enum Door: String, Sendable, CaseIterable { case blocking, callback, closure, await, batch }

  package var engine: EngineChoice
  package var kind: BlockClient.Kind
  package var door: Door

  package init(_ engine: EngineChoice, _ kind: BlockClient.Kind, _ door: Door) {
    self.engine = engine
    self.kind = kind
    self.door = door
  }

  package var description: String { "\(engine) \(kind) \(door)" }

  /// Every combination.
  package static let all: [Way] = engines.flatMap { engine in
    [BlockClient.Kind.shared, .driven].flatMap { kind in
      Door.allCases.map { Way(engine, kind, $0) }
    }
  }

  /// Every combination for devices that carry out their I/O themselves: the engine does not matter.
  package static let noFiles: [Way] = all.filter { $0.engine == .threads }

  package static let engines: [EngineChoice] = [.uring, .threads]
}

/// The answer of a request, the same whatever door it came through.
package struct Answer: Equatable, Sendable {
  package var bits: UInt64
  /// The failures of the regions whose bit is set, by region.
  package var failures: [Int: RegionFailure]

  package static let success = Answer(bits: 0, failures: [:])

  package init(bits: UInt64, failures: [Int: RegionFailure]) {
    self.bits = bits
    self.failures = failures
  }

  package init(_ result: RegionResult) {
    bits = result.errors.rawValue
    failures = [:]
    for index in 0..<Limits.regions { failures[index] = result.failure(of: index) }
  }

  /// The failure of one region, and no other.
  package static func failure(_ index: Int, _ errno: Errno, _ sector: UInt64) -> Answer {
    Answer(bits: 1 << UInt64(index), failures: [index: RegionFailure(errno: errno, sector: sector)])
  }
}

/// A client that is used by one way.
// Why unchecked: used by one thread; what callbacks change is waited for.
package final class Rig: @unchecked Sendable {
  package let way: Way
  package let client: BlockClient

  package convenience init(_ way: Way, pages: Int = 16) throws {
    self.init(way, try BlockClient(pages: pages, kind: way.kind, engine: way.engine))
  }

  package init(_ way: Way, _ client: BlockClient) {
    self.way = way
    self.client = client
  }

  /// Carries out a request and waits for its answer, which comes exactly once.
  package func perform(
    _ operation: DMIO.Operation, _ regions: [Region], _ memory: Memory
  ) throws(BlockError) -> Answer {
    switch way.door {
    case .blocking: return Answer(try client.performBlocking(operation, regions, memory))
    case .callback, .closure:
      let pending = try start(operation, regions, memory)
      return wait(for: pending)
    case .await:
      let client = client
      nonisolated(unsafe) let memory = memory
      return try onClient { () async throws(BlockError) -> Answer in
        Answer(try await client.perform(operation, regions, memory))
      }
    case .batch:
      let client = client
      nonisolated(unsafe) let memory = memory
      return try onClient { () async throws(BlockError) -> Answer in
        try await batch(client, operation, regions, memory)
      }
    }
  }

  /// Runs a task on the client's thread.
  private func onClient(_ body: @escaping @Sendable () async throws(BlockError) -> Answer) throws(BlockError) -> Answer
  {
    let catching: @Sendable () async -> Result<Answer, BlockError> = {
      do throws(BlockError) { return .success(try await body()) } catch { return .failure(error) }
    }
    guard way.kind == .shared else { return try client.run(catching).get() }
    let given = Box<Result<Answer, BlockError>?>(nil)
    Task(executorPreference: client.executor) {
      let result = await catching()
      given.change { $0 = result }
    }
    return try given.waited().get()
  }

  /// Submits a request through one of the callback doors.
  @discardableResult
  package func start(
    _ operation: DMIO.Operation, _ regions: [Region], _ memory: Memory, then next: (@Sendable (Answer) -> Void)? = nil
  ) throws(BlockError) -> Pending {
    let pending = Pending(regions.count, next)
    guard way.door == .callback else {
      try client.submit(operation, regions, memory) { pending.end(Answer($0)) }
      return pending
    }
    let context = Unmanaged.passRetained(pending)
    do throws(BlockError) {
      try client.submit(
        operation, regions.span, memory, failures: pending.failures, context: context.toOpaque(), notify: ended)
    } catch {
      context.release()
      throw error
    }
    return pending
  }

  /// Waits until a request has been answered, and polls if that is what brings the answer.
  @discardableResult
  package func wait(for pending: Pending) -> Answer {
    if way.kind == .driven {
      while pending.answer.value == nil { _ = try? client.poll(wait: true) }
    }
    return pending.answer.waited()
  }

  package func write(_ regions: [Region], _ bytes: [UInt8], _ flags: DMIO.Operation.Flags = []) throws(BlockError)
    -> Answer
  {
    let memory = Bytes(.contiguous(shift: 0), count: bytes.count)
    memory.contents = bytes
    return try perform(.write(flags), regions, memory.memory)
  }

  package func read(_ region: Region) throws(BlockError) -> (answer: Answer, bytes: [UInt8]) {
    let memory = Bytes(.contiguous(shift: 0), count: Int(region.count) * 512)
    let answer = try perform(.read, [region], memory.memory)
    return (answer, memory.contents)
  }
}

/// A request of a callback door.
// Why unchecked: `failures` is written by the client's thread before the answer is.
package final class Pending: @unchecked Sendable {
  package let answer = Box<Answer?>(nil)
  /// How often the callback came.
  package let calls = Box(0)
  let failures: UnsafeMutablePointer<RegionFailure>
  let count: Int
  private let next: (@Sendable (Answer) -> Void)?

  init(_ count: Int, _ next: (@Sendable (Answer) -> Void)?) {
    self.count = count
    self.next = next
    failures = .allocate(capacity: count + 1)
    failures.initialize(repeating: RegionFailure(errno: Errno(rawValue: -1), sector: .max), count: count + 1)
  }

  deinit { failures.deallocate() }

  func end(_ answer: Answer) {
    calls.change { $0 += 1 }
    next?(answer)
    self.answer.change { $0 = answer }
  }
}

private func ended(_ errors: UInt64, _ context: UnsafeMutableRawPointer?) {
  guard let context else { preconditionFailure("the context was lost") }
  let pending = Unmanaged<Pending>.fromOpaque(context).takeRetainedValue()
  var answer = Answer(bits: errors, failures: [:])
  for index in 0..<pending.count where pending.failures[index].errno.rawValue != 0 {
    answer.failures[index] = pending.failures[index]
  }
  pending.end(answer)
}

private func batch(
  _ client: BlockClient, _ operation: DMIO.Operation, _ regions: [Region], _ memory: Memory
) async throws(BlockError) -> Answer {
  try client.queue(operation, regions.span, memory, tag: 42)
  var answer: Answer?
  while true {
    if let answer { return answer }
    _ = try await client.completions { tag, result in
      precondition(tag == 42 && answer == nil)
      answer = Answer(result)
    }
  }
}
