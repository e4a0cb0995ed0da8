import DMIO
import Dispatch
import Testing

/// The way by which a request is given to the service.
enum Door: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case blocking
  case callback
  case async
  /// The C interface: `dm_io`, synchronous and asynchronous.
  case request, requestAsync
  /// The functions of dm-io.txt, for what they can do; `dm_io` for the rest.
  case text, textAsync

  /// True where the call itself brings the answer.
  var isBlocking: Bool { self == .blocking || self == .request || self == .text }

  var testDescription: String { rawValue }
}

/// One replay of a recording through one door on one engine.
///
/// Lines go in turn through a shared client and through a driven one with the least reservation; the callback door takes both of
/// its forms in turn.
// Why unchecked: the async replay runs as one task on the one thread that made this.
final class Replay: @unchecked Sendable {
  private let disks: TestDisks
  private let shared: BlockClient
  private let driven: BlockClient
  private let memory = RequestMemory()
  private let judge: Judge
  private var calls: [CallbackCall] = []
  private(set) var lines = 0
  /// What differed, a text for each line that did.
  private(set) var differences: [String] = []

  init(_ door: Door, _ engine: EngineChoice, on disks: TestDisks) throws {
    self.disks = disks
    shared = try BlockClient(pages: 16, engine: engine)
    driven = try BlockClient(pages: 1, kind: .driven, engine: engine)
    judge = Judge(door: door, disks: disks, memory: memory)
  }

  /// Replays the lines, one after the other.
  func run(_ recorded: [RecordedLine]) throws {
    if judge.door == .async {
      let error = try driven.run { () async -> (any Error)? in
        do { try await self.runAsync(recorded) } catch { return error }
        return nil
      }
      if let error { throw error }
    } else {
      for line in recorded {
        memory.prepare(line)
        try note(line, judge.door.isBlocking ? block(line) : callBack(line))
      }
    }
    shared.close()
    driven.close()
    CCall.meetAnother()
    for call in calls where call.count != 1 { differences.append("line \(call.line): \(call.count) callbacks in all") }
    for disk in disks.disks { try noteWholeDisk(disk, after: "the end") }
  }

  private func runAsync(_ recorded: [RecordedLine]) async throws {
    for line in recorded {
      memory.prepare(line)
      try note(line, await awaitAnswer(line))
    }
  }

  private func note(_ line: RecordedLine, _ answer: Answer) throws {
    lines += 1
    let found = try judge.differences(line, answer)
    if !found.isEmpty { differences.append("line \(line.n), \(line.op): \(found.joined(separator: "; "))") }
    guard lines % 200 == 0 else { return }
    for disk in disks.disks { try noteWholeDisk(disk, after: "line \(line.n)") }
  }

  private func noteWholeDisk(_ disk: TestDisk, after what: String) throws {
    guard let wrong = try disk.firstWrongSector(around: 0..<TestDisk.sectors) else { return }
    differences.append("after \(what): sector \(wrong) of device \(disk.number) holds something else")
  }

  private func regions(_ line: RecordedLine) -> [Region] {
    line.regions.map { Region(disks[$0.device].device, start: UInt64($0.start), count: UInt64($0.count)) }
  }

  private func client(_ line: RecordedLine) -> BlockClient { line.n / 2 % 2 == 0 ? shared : driven }

  // The doors.

  private func block(_ line: RecordedLine) -> Answer {
    guard judge.door == .blocking else { return CCall(line, judge.door, client(line), disks, memory).carryOut() }
    do throws(BlockError) {
      let result = try client(line).performBlocking(line.operation, regions(line), memory.memory)
      return Answer(
        returned: result.isSuccess ? 0 : -Errno.EIO.rawValue, bits: result.errors.rawValue,
        failures: line.regions.indices.map(result.failure(of:)))
    } catch {
      return .refused(error)
    }
  }

  private func awaitAnswer(_ line: RecordedLine) async -> Answer {
    do throws(BlockError) {
      let result = try await client(line).perform(line.operation, regions(line), memory.memory)
      return Answer(
        bits: result.errors.rawValue, failures: line.regions.indices.map(result.failure(of:)), callbacks: 1)
    } catch {
      return .refused(error)
    }
  }

  private func callBack(_ line: RecordedLine) throws -> Answer {
    let call = CallbackCall(
      line: line.n, regions: line.regions.count, isDriven: judge.door != .textAsync && client(line).kind == .driven)
    let client = client(line)
    call.isInsideSubmit = true
    do throws(BlockError) {
      if judge.door != .callback {
        try submitThroughC(line, client, call)
      } else if line.n % 2 == 0 {
        try submitInC(line, client, call)
      } else {
        try submitClosure(line, client, call)
      }
    } catch {
      call.isInsideSubmit = false
      call.count += 1  // So that `calls` can ask for 1 of all.
      calls.append(call)
      return call.count == 1 ? .refused(error) : Answer(callbacks: call.count)
    }
    call.isInsideSubmit = false
    calls.append(call)
    if client.kind == .shared || judge.door == .textAsync {
      call.ended.wait()
    } else {
      while call.count == 0 { try client.poll(wait: true) }
    }
    if call.wasInsideSubmit { differences.append("line \(line.n): the callback ran inside submit") }
    return Answer(bits: call.bits, failures: call.hasFailures ? call.failureList : nil, callbacks: call.count)
  }

  private func submitInC(_ line: RecordedLine, _ client: BlockClient, _ call: CallbackCall) throws(BlockError) {
    // The replay keeps every call to its end.
    let context = Unmanaged.passUnretained(call).toOpaque()
    try client.submit(
      line.operation, regions(line).span, memory.memory, failures: call.failures, context: context
    ) { bits, context in
      guard let context else { return }
      Unmanaged<CallbackCall>.fromOpaque(context).takeUnretainedValue().end(bits)
    }
  }

  private func submitThroughC(_ line: RecordedLine, _ client: BlockClient, _ call: CallbackCall) throws(BlockError) {
    // The replay keeps every call to its end.
    let context = Unmanaged.passUnretained(call).toOpaque()
    let cCall = CCall(line, judge.door, client, disks, memory)
    call.kept = cCall
    call.hasFailures = cCall.tellsFailures
    let returned = cCall.submit(errors: UnsafeMutableRawPointer(call.failures), context: context) { bits, context in
      guard let context else { return }
      Unmanaged<CallbackCall>.fromOpaque(context).takeUnretainedValue().end(UInt64(bits))
    }
    guard returned != 0 else { return }
    if returned == -Errno.EIO.rawValue { throw .invalid(.readOfSeveralRegions) }
    throw .system(Errno(rawValue: -returned), "the C interface")
  }

  private func submitClosure(_ line: RecordedLine, _ client: BlockClient, _ call: CallbackCall) throws(BlockError) {
    try client.submit(line.operation, regions(line), memory.memory) { result in
      for index in 0..<call.regions {
        call.failures[index] = result.failure(of: index) ?? RegionFailure(errno: Errno(rawValue: 0), sector: 0)
      }
      call.end(result.errors.rawValue)
    }
  }
}

/// What the callback of one request is told.
/// Written by the client's thread until `ended`, read by the submitter after it.
private final class CallbackCall: @unchecked Sendable {
  let line: Int
  let regions: Int
  let failures: UnsafeMutablePointer<RegionFailure>
  let ended = DispatchSemaphore(value: 0)
  private let isDriven: Bool
  var isInsideSubmit = false
  private(set) var wasInsideSubmit = false
  private(set) var bits: UInt64 = 0
  var count = 0
  /// False where the interface tells the bits alone.
  var hasFailures = true
  /// What leads to the request's memory, until it is over.
  var kept: CCall?

  init(line: Int, regions: Int, isDriven: Bool) {
    self.isDriven = isDriven
    self.line = line
    self.regions = regions
    failures = .allocate(capacity: regions + 1)
    failures.initialize(repeating: RegionFailure(errno: .EPROTO, sector: .max), count: regions + 1)
  }

  deinit { failures.deallocate() }

  func end(_ bits: UInt64) {
    self.bits = bits
    count += 1
    // Another thread's callback may well run before submit has returned.
    if isDriven { wasInsideSubmit = isInsideSubmit }
    ended.signal()
  }

  var failureList: [RegionFailure?] {
    (0..<regions).map { failures[$0].errno.rawValue == 0 ? nil : failures[$0] }
  }
}
