internal import CDMIOSystem
internal import Glibc

/// Starts a thread of our own, detached, with a name that `ps -L` shows (15 bytes at most).
///
/// Signals are blocked in it: they belong to the program's threads.
package func startThread(named name: StaticString, _ body: @escaping @Sendable () -> Void) throws(BlockError) {
  let start = ThreadStart(body, name)
  var thread = pthread_t()
  var attributes = pthread_attr_t()
  unsafe pthread_attr_init(&attributes)
  unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  defer { unsafe pthread_attr_destroy(&attributes) }
  var (all, before) = (sigset_t(), sigset_t())
  unsafe sigfillset(&all)
  unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
  // Why it is right: retained here for the new thread, which lets go; if there is none, below.
  let retained = unsafe Unmanaged.passRetained(start)
  dmio_thread_begins()
  let rc = unsafe pthread_create(
    &thread, &attributes,
    { context in
      guard let context = unsafe context else { return nil }
      // Why it is right: this is what was retained for this thread.
      unsafe run(Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue())
      dmio_thread_ends()
      return nil
    }, retained.toOpaque())
  guard rc == 0 else {
    dmio_thread_ends()
    unsafe retained.release()
    throw .system(Errno(rawValue: rc), "starting a thread")
  }
}

/// Runs what a thread was started for, and lets go of it: when this returns nothing of it is left.
@inline(never)
private func run(_ start: consuming ThreadStart) {
  unsafe dmio_name_thread(UnsafeRawPointer(start.name.utf8Start).assumingMemoryBound(to: CChar.self))
  start.body()
}

/// What a new thread gets: retained for it before it starts, released when it is done.
private final class ThreadStart: Sendable {
  let body: @Sendable () -> Void
  let name: StaticString

  init(_ body: @escaping @Sendable () -> Void, _ name: StaticString) {
    self.body = body
    self.name = name
  }
}
