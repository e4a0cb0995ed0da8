internal import CDMIO
internal import CDMIOSystem
internal import DMIO
internal import Glibc
internal import Synchronization

/// Makes a client; NULL and `errno` where that fails. The header has the contract, as for every function here.
@c @implementation
public func dm_io_client_create(_ pages: UInt32, _ flags: UInt32) -> OpaquePointer? {
  unsafe Cancellation.held {
    FirstUse.make()
    do throws(BlockError) {
      guard flags & ~UInt32(DM_IO_DRIVEN) == 0 else { throw .system(.EINVAL, "flags") }
      return unsafe Handle.give(try BlockClient(pages: Int(pages), kind: flags == 0 ? .shared : .driven))
    } catch {
      errno = error.errno.rawValue
      return nil
    }
  }
}

/// Ends a client: waits for what is in flight, except inside a callback of this or another shared client.
@c @implementation
public func dm_io_client_destroy(_ client: OpaquePointer!) {
  guard let client = unsafe client, unsafe Clients.isOurs(client),
    // Elsewhere nothing in flight could be waited for.
    unsafe Handle.with(client, BlockClient.self, { $0.kind == .shared || $0.isOnItsThread })
  else { return }
  // The last reference goes inside, too: with it a driven client waits for what is in flight.
  Cancellation.held { unsafe Clients.end(client) }
}

/// Changes the reservation.
@c @implementation
public func dm_io_client_resize(_ client: OpaquePointer!, _ pages: UInt32) -> Int32 {
  unsafe Clients.answering(client) { (client) throws(BlockError) in
    guard pages >= 1 else { throw .invalid(.reservation) }
    try client.resize(toPages: Int(pages))
    return 0
  }
}

/// A descriptor to wait for in the place of a driven client.
@c @implementation
public func dm_io_client_event_fd(_ client: OpaquePointer!) -> Int32 {
  unsafe Clients.answering(client) { (client) throws(BlockError) in
    guard client.kind == .driven else { throw .system(.EINVAL, "a shared client") }
    return try client.eventDescriptor()
  }
}

/// Sends what was submitted, and runs the callbacks of what is over; how many, or a negative errno.
///
/// Written out: a poll has just been in the kernel, and there every function that is returned from costs more than usual.
@c @implementation
public func dm_io_client_poll(_ client: OpaquePointer!, _ timeout_ms: Int32) -> Int32 {
  guard let client = unsafe client, unsafe Clients.isOurs(client) else { return refusal(.EINVAL) }
  let before = dmio_hold_cancellation()
  defer { dmio_restore_cancellation(before) }
  // Let go of here, also where a callback ends the client: that is what waits.
  let kept = unsafe Handle.keep(client, BlockClient.self)
  defer { withExtendedLifetime(kept) {} }
  guard timeout_ms == 0 || !BlockClient.isInCompletion && !kept.mayWaitForCaller else { return refusal(.EDEADLK) }
  do throws(BlockError) {
    let ended = timeout_ms > 0 ? try kept.poll(waitMilliseconds: Int(timeout_ms)) : try kept.poll(wait: timeout_ms < 0)
    return Int32(clamping: ended)
  } catch {
    return refusal(error.errno)
  }
}

/// Clients as C holds them, and the one that nobody has to make.
enum Clients {
  /// True for a client that was made in this process.
  @inline(__always)
  static func isOurs(_ client: OpaquePointer) -> Bool {
    unsafe Handle.with(client, BlockClient.self) { $0.forks == dmio_forks() }
  }

  /// Ends a client that may be ended here.
  static func end(_ client: OpaquePointer) {
    let taken = unsafe Handle.take(client, BlockClient.self)
    // What is in flight ends all the same.
    if taken.mayWaitForCaller { taken.refuseRequests() } else { taken.close() }
  }

  /// What `body` answers for a client, or the negative errno of what is wrong.
  static func answering(
    _ client: OpaquePointer?, _ body: (BlockClient) throws(BlockError) -> Int32
  ) -> Int32 {
    guard let client = unsafe client, unsafe isOurs(client) else { return refusal(.EINVAL) }
    return Cancellation.held {
      // Kept inside: where a callback ends the client, letting go of it here is what waits.
      unsafe withExtendedLifetime(Handle.keep(client, BlockClient.self)) { client in
        do throws(BlockError) { return try body(client) } catch { return refusal(error.errno) }
      }
    }
  }

  /// The address of the shared client of the functions of dm-io.txt; 0 before the first call.
  private static let common = Atomic<UInt>(0)

  /// Hands the common client to `body`, in which the thread is not cancelled; makes it at the first call, and at the first
  /// after a fork.
  ///
  /// No lock: a fork may come while another thread holds it.
  @inline(__always)
  static func withCommon(_ body: (BlockClient) -> Int32) -> Int32 {
    Cancellation.held { withCommonNow(body) }
  }

  @inline(__always)
  private static func withCommonNow(_ body: (BlockClient) -> Int32) -> Int32 {
    let bits = common.load(ordering: .acquiring)
    if let client = unsafe OpaquePointer(bitPattern: bits), unsafe isOurs(client) {
      return unsafe Handle.with(client, BlockClient.self, body)
    }
    do throws(BlockError) {
      let client = try makeCommon(insteadOf: bits)
      return body(client)
    } catch {
      return refusal(error.errno)
    }
  }

  private static func makeCommon(insteadOf before: UInt) throws(BlockError) -> BlockClient {
    FirstUse.make()
    let client = try BlockClient(pages: 1)
    // One page was needed to make it; the reservation is what dm_io_get says.
    try client.release(pages: 1)
    let handle = unsafe Handle.give(client)
    let (isOurs, now) = common.compareExchange(
      expected: before, desired: UInt(bitPattern: handle), ordering: .acquiringAndReleasing)
    if isOurs { return client }
    // Another thread was first.
    unsafe Handle.take(handle, BlockClient.self).close()
    guard let other = unsafe OpaquePointer(bitPattern: now) else { throw .busy }
    return unsafe Handle.with(other, BlockClient.self) { $0 }
  }
}
