internal import CDMIOSystem
internal import Synchronization

/// The callback door for a caller in C: one region, and a buffer whose length the caller promises.
package enum BufferDoor {
  /// Submits a request on a driven client and returns 0, or the negative errno of a refusal; else as `submit`.
  ///
  /// Everything is passed in registers, and nothing is thrown: what stands between C and the ring is counted in instructions.
  @unsafe
  package static func submit(
    to client: BlockClient, _ operation: Operation, _ region: UnsafePointer<Region>, _ base: UnsafeMutableRawPointer,
    _ context: UnsafeMutableRawPointer?, _ notify: @escaping BlockClient.Notify
  ) -> Int32 {
    let state = client.state
    guard state.isOwner else {
      return unsafe submitSlowly(to: client, operation, RegionRef(region), base, context, notify)
    }
    let address = UInt(bitPattern: base)
    let folded = unsafe state.fold(operation, RegionRef(region), address) { slot in
      unsafe slot.pointee.notify = unsafe notify
      unsafe slot.pointee.context = unsafe context
    }
    guard let (slot, values) = folded else {
      return unsafe submitSlowly(to: client, operation, RegionRef(region), base, context, notify)
    }
    guard state.flies(slot, Ring.foldedMark, operation, values, address) else { return sendUnfolded(state, slot) }
    return 0
  }

  /// The general way. Not inlined, as what it needs would have to be kept at hand.
  @inline(never)
  private static func sendUnfolded(_ state: Stable<ClientState>, _ slot: Stable<RequestSlot>) -> Int32 {
    do throws(BlockError) {
      try state.sendUnfolded(slot, Ring.foldedMark, .max)
      return 0
    } catch {
      return -error.errno.rawValue
    }
  }

  @inline(never)
  private static func submitSlowly(
    to client: BlockClient, _ operation: Operation, _ region: RegionRef, _ base: UnsafeMutableRawPointer,
    _ context: UnsafeMutableRawPointer?, _ notify: @escaping BlockClient.Notify
  ) -> Int32 {
    let memory = unsafe Memory(contiguous: base, byteCount: .max)
    // The straight line has no point where a thread can be cancelled, and pays for nothing.
    let before = dmio_hold_cancellation()
    defer { dmio_restore_cancellation(before) }
    do throws(BlockError) {
      try unsafe client.submitAny(operation, region.span, memory, nil, context, notify)
      return 0
    } catch {
      return -error.errno.rawValue
    }
  }
}
