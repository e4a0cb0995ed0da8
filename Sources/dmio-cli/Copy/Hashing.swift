internal import DMIO
internal import DMIOCopy

#if Hash
  internal import Crypto
#endif

/// The hash of a source, made while it is copied, in the order of its bytes, by a thread of its own.
///
/// Chunks go to that thread, and come back when their bytes were taken: meanwhile nobody changes them.
final class Hashing {
  /// Bytes to take: those of a chunk, or zeros.
  @safe
  private struct Part: Sendable {
    // Why it is right: the chunk is kept until the thread has counted this part as done.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer?
    let count: UInt64
  }

  private struct Queue {
    var parts: [Part] = []
    /// Parts that were taken, and not told of yet.
    var done = 0
  }

  private final class Shared: Sendable {
    let queue = Locked(Queue())
    let parts = Semaphore()
    let result = Locked<String?>(nil)
    let isCancelled = Locked(false)
  }

  private let shared = Shared()
  private let thread: Thread
  /// What the thread has, in its order.
  private var lent: [Chunk?] = []
  private var taken: UInt64 = 0
  private var isOver = false

  #if Hash
    private static let isBuiltIn = true
  #else
    private static let isBuiltIn = false
  #endif

  /// Refuses where the tool was built without the library that makes hashes.
  ///
  /// - Parameter tell: Called, on the thread that makes the hash, when there is something to be given back.
  init(_ tell: @escaping @Sendable () -> Void) throws(Refusal) {
    guard Hashing.isBuiltIn else {
      throw Refusal("--hash: this dmio was built without hashes (the trait Hash)", exit: .usage)
    }
    do throws(Errno) { thread = try Thread { [shared] in Hashing.work(shared, tell) } } catch {
      throw Refusal("--hash: \(error.message)")
    }
  }

  /// Parts are with the thread, so that there is something to come back for.
  var isBusy: Bool { !lent.isEmpty }

  /// Hands over the next piece of the source; without a chunk, zeros.
  func take(_ range: Range<UInt64>, _ chunk: Chunk?, _ source: CopySource) -> CopyRun.Taking {
    let count = source.bytes(in: range)
    taken += count
    let bytes: UnsafeRawBufferPointer? =
      if let chunk {
        unsafe chunk.withBytes(chunk.place(of: range, Int(count))) { UnsafeRawBufferPointer($0) }
      } else {
        nil
      }
    lent.append(chunk)
    let part = unsafe Part(bytes: bytes, count: count)
    shared.queue.withLock { $0.parts.append(part) }
    shared.parts.signal()
    return chunk == nil ? .taken : .willTake
  }

  /// Gives chunks back whose bytes were taken.
  func giveBack(to run: CopyRun) {
    let done = shared.queue.withLock { queue in
      defer { queue.done = 0 }
      return queue.done
    }
    let chunks = lent.prefix(done)
    lent.removeFirst(done)
    for case let chunk? in chunks { run.tookBytes(of: chunk) }
  }

  /// Has the thread take nothing more: there will be no hash.
  func cancel() { shared.isCancelled.withLock { $0 = true } }

  var wasCancelled: Bool { shared.isCancelled.withLock { $0 } }

  /// The hash in hexadecimal; nil unless all bytes were taken. Ends the thread.
  func text(of source: CopySource) -> String? {
    guard taken == source.bytes, !wasCancelled else { return nil }
    if !isOver {
      isOver = true
      // A permit without a part is the end.
      shared.parts.signal()
      thread.join()
    }
    return shared.result.withLock { $0 }
  }

  private static func work(_ shared: Shared, _ tell: () -> Void) {
    #if Hash
      var hash = SHA256()
      let zeros = [UInt8](repeating: 0, count: 1 << 20)
      while true {
        shared.parts.wait()
        guard let part = shared.queue.withLock({ $0.parts.isEmpty ? nil : $0.parts.removeFirst() }) else { break }
        if let bytes = unsafe part.bytes {
          unsafe hash.update(bufferPointer: bytes)
        } else {
          for _ in 0..<part.count / UInt64(zeros.count) {
            if shared.isCancelled.withLock({ $0 }) { return }
            hash.update(data: zeros)
          }
          hash.update(data: zeros.prefix(Int(part.count % UInt64(zeros.count))))
        }
        shared.queue.withLock { $0.done += 1 }
        tell()
      }
      let text = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
      shared.result.withLock { $0 = text }
    #endif
  }
}
