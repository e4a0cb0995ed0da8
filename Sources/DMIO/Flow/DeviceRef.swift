/// A device that somebody else keeps: for a request in flight the client's device table, before that the caller.
///
/// Naming a device this way costs no reference counting on the path.
@safe
struct DeviceRef: Equatable {
  private let device: Unmanaged<BlockDevice>

  @inline(__always)
  init(_ device: BlockDevice) { unsafe self.device = Unmanaged.passUnretained(device) }

  /// Hands the device to `body`.
  @inline(__always)
  func with<Value>(_ body: (BlockDevice) -> Value) -> Value {
    unsafe device._withUnsafeGuaranteedRef(body)
  }

  /// Keeps the device until `release()`: for the time when a request is on its way to the client's thread.
  func retain() { unsafe _ = device.retain() }

  /// Ends what `retain()` began.
  func release() { unsafe device.release() }

  @inline(__always)
  static func == (left: DeviceRef, right: DeviceRef) -> Bool {
    unsafe left.device.toOpaque() == right.device.toOpaque()
  }
}
