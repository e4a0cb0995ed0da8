internal import CDMIOSystem

/// Driving a client from an event loop.
extension BlockClient {
  /// A descriptor that is readable while `poll(wait: false)` would do something, for `poll(2)`, `epoll` and the like.
  ///
  /// For a driven client, on its thread; the client closes it when it goes away. It says nothing about requests that were
  /// submitted since the last `poll`: poll once before waiting for it.
  public func eventDescriptor() throws(BlockError) -> Int32 {
    guard kind == .driven, state.isOwner else { throw .notOwner }
    if let watch = state.pointee.watch { return watch.descriptor }
    let event = state.pointee.mailbox.event
    let watch = try ClientWatch(event: event)
    do throws(BlockError) { try state.pointee.ring?.pointee.signal(event) } catch {
      watch.close()
      throw error
    }
    state.pointee.watch = watch
    state.watchOutside()
    return watch.descriptor
  }
}

/// What an event loop waits for in the place of a driven client's thread: the event, which mail and the ring signal, and time.
struct ClientWatch {
  let descriptor: Int32
  let timer: Int32

  init(event: Int32) throws(BlockError) {
    descriptor = dmio_watch_create(event)
    guard descriptor >= 0 else { throw .system(Errno(rawValue: -descriptor), "watching a client") }
    timer = dmio_timer_create(descriptor)
    guard timer >= 0 else {
      dmio_file_close(descriptor)
      throw .system(Errno(rawValue: -timer), "watching a client")
    }
  }

  func close() {
    dmio_file_close(timer)
    dmio_file_close(descriptor)
  }
}

extension Stable where Value == ClientState {
  /// Ends what `watchOutside` began: the thread is back.
  func stopWatchingOutside() {
    guard pointee.watch != nil else { return }
    pointee.signs.awake()
    dmio_event_clear(pointee.mailbox.event)
    pointee.hasClearedEvent = false
  }

  /// Has the watch tell what comes from here on, as the thread goes elsewhere: it counts as asleep, so that mail rings.
  func watchOutside() {
    guard let watch = pointee.watch else { return }
    let hasFilled = pointee.ring?.pointee.hasFilled == true || (pointee.ring?.pointee.readyCount ?? 0) > 0
    let isRestless =
      hasFilled || !pointee.prompt.with({ $0.isEmpty }) || !pointee.ready.isEmpty || !pointee.again.isEmpty
    if isRestless || pointee.hasClearedEvent || !pointee.jobs.isEmpty || !pointee.signs.prepareToSleep() {
      dmio_event_signal(pointee.mailbox.event)
    }
    dmio_timer_set(watch.timer, pointee.timers.isEmpty ? -1 : nextDue)
  }
}
