internal import Synchronization

/// Runs tasks on the thread that calls `run`, which sleeps while there is nothing for them to do.
final class ThreadExecutor: TaskExecutor {
  private let jobs = JobList()
  private let bell = Semaphore()
  private let isOver = Atomic<Bool>(false)

  /// Takes a job of a task. Any thread.
  func enqueue(_ job: consuming ExecutorJob) {
    jobs.append(UnownedJob(job))
    bell.signal()
  }

  /// Runs `body` as a task on this thread until it ends.
  func run(_ body: @escaping @Sendable () async -> Void) {
    Task(executorPreference: self) {
      await body()
      self.isOver.store(true, ordering: .releasing)
      self.bell.signal()
    }
    while !isOver.load(ordering: .acquiring) {
      bell.wait()
      while let job = jobs.popFirst() { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}
