/// A device that somebody else keeps: for a request in flight the client's device table, before that the caller.
///
/// Naming a device this way costs no reference counting on the path.
// Why it is right: a region keeps its device until its request is filled in, `retain` from there to the client's thread,
// and that thread's device table from there to the answer.
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

  /// The device that region `index` names.
  @inline(__always)
  init(of regions: borrowing Span<Region>, _ index: Int) {
    assert(MemoryLayout<Region>.offset(of: \Region.device) == 0 && index < regions.count)
    // Read as it stands: taking the reference out of a region would count it up and down again.
    self = unsafe regions.withUnsafeBufferPointer { regions in
      guard let first = regions.baseAddress else { preconditionFailure("a region that exists has an address") }
      return unsafe UnsafeRawPointer(first + index).load(as: DeviceRef.self)
    }
  }

  /// True for a device that is open and has not failed a flush.
  @inline(__always)
  var isHealthy: Bool { with { $0.isHealthy } }

  /// The device's place in the device tables.
  @inline(__always)
  var number: Int { with { $0.number } }

  /// Keeps the device until `release()`: for the time when a request is on its way to the client's thread.
  func retain() { unsafe _ = device.retain() }

  /// Ends what `retain()` began.
  func release() { unsafe device.release() }

  @inline(__always)
  static func == (left: DeviceRef, right: DeviceRef) -> Bool {
    unsafe left.device.toOpaque() == right.device.toOpaque()
  }
}
