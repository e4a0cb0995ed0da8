internal import CDMIOSystem

/// Many submissions as one.
extension BlockClient {
  /// Runs `body`, and takes this thread for the client's own meanwhile, so that what it submits costs least.
  ///
  /// For several requests at a time on a shared client, whose threads otherwise take turns at each of them. Where another
  /// thread is the client's for longer than a moment, and on a driven client, `body` is run all the same. No completion runs
  /// in it, and a call in it that would block throws `.wouldDeadlock`.
  ///
  /// Others wait for the client meanwhile: `body` should wait for nothing, and take no lock that is held elsewhere across a
  /// call to this client.
  public func submitTogether<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    guard kind == .shared, !state.isOwner, state.sitDown(looks: Limits.looksAtSeat) else { return try body() }
    state.takeInMail()
    state.pointee.isTurning = true
    state.pointee.isTogether = true
    dmio_count_seat(1)
    defer {
      dmio_count_seat(-1)
      state.pointee.isTurning = false
      state.pointee.isTogether = false
      state.standUp()
    }
    try body()
  }
}
