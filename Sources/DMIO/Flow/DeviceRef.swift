internal import CDMIOSystem

/// A device that somebody else keeps: for a request in flight the client's device table, before that the caller.
///
/// Naming a device this way costs no reference counting on the path.
@safe
struct DeviceRef: Hashable {
  /// The device's address: no two devices that exist have the same.
  let bits: UInt

  private init() { bits = 0 }

  /// Names no device: what a slot holds before its first request.
  static var none: DeviceRef { DeviceRef() }

  // Why it is right: a region keeps its device until its request is filled in, `retain` from there to the client's
  // thread, and that thread's device table from there to the answer.
  @inline(__always)
  init(_ device: BlockDevice) { unsafe bits = UInt(bitPattern: Unmanaged.passUnretained(device).toOpaque()) }

  @inline(__always)
  private var device: Unmanaged<BlockDevice> {
    unsafe Unmanaged.fromOpaque(UnsafeRawPointer(bitPattern: bits).unsafelyUnwrapped)
  }

  /// Hands the device to `body`.
  @inline(__always)
  func with<Value>(_ body: (BlockDevice) -> Value) -> Value {
    unsafe device._withUnsafeGuaranteedRef(body)
  }

  /// True for a device that is open and has not failed a flush.
  @inline(__always)
  var isHealthy: Bool { with { $0.isHealthy } }

  /// The device's place in the device tables.
  @inline(__always)
  var tableOffset: Int { with { $0.tableOffset } }

  /// The same of a device that is open and has not failed a flush; of any other a place where none stands.
  @inline(__always)
  var tableOffsetIfHealthy: Int { with { $0.tableOffsetIfHealthy } }

  /// Keeps the device until `release()`: for the time when a request is on its way to the client's thread.
  func retain() { unsafe _ = device.retain() }

  /// Ends what `retain()` began.
  func release() { unsafe device.release() }
}

/// A region where its caller keeps it, read as it stands: taking the device out of it would count references.
///
/// It is looked at only while the call that brought the regions lasts.
@safe
@usableFromInline
struct RegionRef {
  @usableFromInline
  let address: UnsafePointer<Region>

  /// Region `index` of `regions`, which is there.
  @inlinable
  init(_ regions: borrowing Span<Region>, _ index: Int) {
    unsafe address = regions.withUnsafeBufferPointer { unsafe $0.baseAddress.unsafelyUnwrapped + index }
  }

  /// The region at `address`.
  init(_ address: UnsafePointer<Region>) { unsafe self.address = address }

  /// The region `index` regions behind; or behind the last, where none is.
  @inline(__always)
  func at(_ index: Int) -> RegionRef { unsafe RegionRef(address + index) }

  /// True for the same place.
  @inline(__always)
  func isAt(_ other: RegionRef) -> Bool { unsafe address == other.address }

  @inline(__always)
  var device: DeviceRef {
    assert(MemoryLayout<Region>.offset(of: \Region.device) == 0)
    return unsafe UnsafeRawPointer(address).load(as: DeviceRef.self)
  }
  /// What the region says, read once.
  struct Values {
    let device: DeviceRef
    let start: UInt64
    let count: UInt64
  }

  @inline(__always)
  var values: Values { unsafe Values(device: device, start: dmio_read_alone(startAddress), count: count) }

  private var startAddress: UnsafePointer<UInt64> {
    assert(MemoryLayout<Region>.offset(of: \Region.start) == 8)
    return unsafe (UnsafeRawPointer(address) + 8).assumingMemoryBound(to: UInt64.self)
  }

  /// The region as a span of one, for the time of the call.
  var span: Span<Region> {
    @_lifetime(borrow self) get {
      let span = unsafe UnsafeBufferPointer(start: address, count: 1).span
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  @inline(__always)
  var start: UInt64 { unsafe address.pointee.start }
  @inline(__always)
  var count: UInt64 { unsafe address.pointee.count }
}
