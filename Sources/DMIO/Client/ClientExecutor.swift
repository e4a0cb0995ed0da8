/// Runs tasks on a client's thread, where an `await` of its I/O hops to no other thread.
///
/// On a shared client jobs run one after the other, on whichever thread takes the client's turns at the moment.
///
///     await withTaskExecutorPreference(client.executor) { … }
public final class ClientExecutor: TaskExecutor {
  private let client: BlockClient

  init(_ client: BlockClient) { self.client = client }

  /// Takes a job of a task. Any thread.
  public func enqueue(_ job: consuming ExecutorJob) {
    // Why it is right: retained with the job, let go when it has run.
    let job = unsafe ClientJob(job: UnownedJob(job), executor: Unmanaged.passRetained(self))
    let state = client.state
    if state.isOwner {
      state.pointee.jobs.append(job)
    } else {
      state.pointee.mailbox.leave { $0.jobs.append(job) }
    }
  }
}

/// A job of a task, and the executor it was given to, retained until it has run.
// Why it is right: retained by `enqueue`, let go by `runJobs`, once each.
@safe
struct ClientJob: Sendable {
  let job: UnownedJob
  let executor: Unmanaged<ClientExecutor>
}

extension Stable where Value == ClientState {
  /// Runs the jobs that are there; those that they bring run in the next turn.
  func runJobs() {
    guard !pointee.jobs.isEmpty else { return }
    let jobs = pointee.jobs.take()
    // A job is a place where `submit` is called, and no callback runs inside that.
    pointee.mayDeliver = false
    pointee.isInJob = true
    for job in jobs {
      pointee.promptBytes = Limits.promptBytesInTurn
      let executor = unsafe job.executor.takeRetainedValue()
      unsafe job.job.runSynchronously(on: executor.asUnownedTaskExecutor())
    }
    pointee.mayDeliver = true
    pointee.isInJob = false
    pointee.jobs.giveBack(jobs)
  }
}

extension BlockClient {
  /// An executor that runs tasks on this client's thread; it keeps the client.
  public var executor: ClientExecutor { ClientExecutor(self) }

  /// Runs `body` as a task on this thread, which drives the client meanwhile, and returns what it returns.
  ///
  /// For a driven client, on its thread; not from a completion or a task.
  @available(*, noasync)
  public func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) throws(BlockError) -> Value {
    guard kind == .driven, state.isOwner else { throw .notOwner }
    guard !state.pointee.isTurning else { throw .wouldDeadlock }
    let reply = ThreadReply<Value>()
    let state = state
    Task(executorPreference: executor) {
      reply.give(await body())
      state.pointee.mailbox.leave { _ in }
    }
    while !reply.isGiven { state.turn(wait: true) }
    return reply.wait()
  }
}
