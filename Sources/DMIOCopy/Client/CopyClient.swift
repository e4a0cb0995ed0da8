public import DMIO

/// The service of the kernel's kcopyd: copies from one region to up to 64 others, and zeroes regions, in the background.
///
/// It has one thread and a reserve of memory of its own, which no copy exceeds. Jobs get chunks in the order in which they were
/// handed in. Completions run on its thread, one after the other, never inside a call, exactly once; they may hand in jobs.
/// Nothing is flushed: that is for whoever knows when. The contract is that of drivers/md/dm-kcopyd.c, with errno and extents
/// beside the bits, up to 64 targets in the place of 8, and cancellation.
public final class CopyClient: Sendable {
  private let worker: CopyWorker

  /// Chunks in flight by default, as many as kcopyd has.
  public static let defaultChunks = 8
  /// Bytes of a chunk by default, as kcopyd has them.
  public static let defaultChunkBytes = 512 << 10

  /// A client with `chunks` chunks, 1 to 1024, of `chunkBytes` bytes each, a multiple of 64 KiB up to `Limits.pieceBytesAtMost`.
  ///
  /// Throws EINVAL for other numbers, and the system's errno when the memory, the thread or a descriptor cannot be had.
  public init(
    chunks: Int = defaultChunks, chunkBytes: Int = defaultChunkBytes, engine: EngineChoice = .auto,
    throttle: CopyThrottle? = nil
  ) throws(BlockError) {
    let isValid = (1...1024).contains(chunks) && chunkBytes > 0 && chunkBytes % Limits.logicalBlockBytes == 0
    guard isValid, chunkBytes <= Limits.pieceBytesAtMost else { throw .system(.EINVAL, "the chunks of a copy client") }
    worker = try CopyWorker(throttle: throttle)
    try worker.start(chunks: chunks, chunkBytes: chunkBytes, engine: engine)
  }

  /// Nothing new comes then; what was handed in goes on to its end, and nobody waits for it.
  deinit { worker.close() }

  /// Copies `source` to all of `targets`, whose counts must be its own; `completion` is called when that is over.
  ///
  /// A count of 0 only calls back. Throws, and never calls back: EINVAL for more than 64 targets or none, for counts that differ, and
  /// for regions that are not whole blocks of their devices; ESHUTDOWN after `close`. So do the other calls.
  @discardableResult
  public func copy(
    _ source: Region, to targets: [Region], _ options: CopyOptions = [],
    completion: @escaping @Sendable (CopyResult) -> Void
  ) throws(BlockError) -> CopyJob {
    try worker.add(CopyWorker.Order(source: source, targets: targets, options: options, completion: completion))
  }

  /// Makes all of `targets` zeros: with the devices' own operation if all of them have it, else by writing.
  @discardableResult
  public func zero(
    _ targets: [Region], _ options: CopyOptions = [], completion: @escaping @Sendable (CopyResult) -> Void
  ) throws(BlockError) -> CopyJob {
    try worker.add(CopyWorker.Order(source: nil, targets: targets, options: options, completion: completion))
  }

  /// Copies `source` to all of `targets`, and returns when that is over. A task that is cancelled cancels the copy, and waits.
  public nonisolated(nonsending) func copy(
    _ source: Region, to targets: [Region], _ options: CopyOptions = []
  ) async throws(BlockError) -> CopyResult {
    try await outcome(CopyWorker.Order(source: source, targets: targets, options: options, completion: { _ in }))
  }

  /// Makes all of `targets` zeros, and returns when that is over.
  public nonisolated(nonsending) func zero(
    _ targets: [Region], _ options: CopyOptions = []
  ) async throws(BlockError) -> CopyResult {
    try await outcome(CopyWorker.Order(source: nil, targets: targets, options: options, completion: { _ in }))
  }

  /// Prepares a call of `body` on the client's thread, in line with the completions, for `PreparedCallback.fire`.
  public func prepareCallback(
    _ body: @escaping @Sendable (_ readFailed: Bool, _ writeErrors: RegionErrors) -> Void
  ) throws(BlockError) -> PreparedCallback {
    try worker.prepare()
    return PreparedCallback(worker, body)
  }

  /// Ends the client: waits for all jobs and prepared callbacks to be over. Throws in a completion of the client's own.
  public func close() throws(BlockError) {
    if worker.isCurrent { throw .wouldDeadlock }
    worker.close()
    worker.waitForEnd()
  }

  private nonisolated(nonsending) func outcome(_ order: CopyWorker.Order) async throws(BlockError) -> CopyResult {
    let job = worker.job(for: order)
    let result: Result<CopyResult, BlockError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        var order = order
        order.completion = { continuation.resume(returning: .success($0)) }
        do throws(BlockError) { try worker.add(order, job) } catch { continuation.resume(returning: .failure(error)) }
      }
    } onCancel: {
      job.cancel()
    }
    return try result.get()
  }
}
