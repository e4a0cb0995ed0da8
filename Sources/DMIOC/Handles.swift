internal import CDMIO
internal import DMIO

/// What C holds of ours: the only place that turns objects into pointers and back.
///
/// `struct block_device *` is the address of a `BlockDevice`, so that an array of `struct io_region` *is* one of `Region`, and
/// is read where it stands. A handle made before a fork is refused in the child, before anything behind it is touched.
enum Handle {
  /// Hands an object out, to be taken back once.
  // Why it is right: retained for the C program, which gives it back through `take`.
  static func give<Object: AnyObject>(_ object: Object) -> OpaquePointer {
    unsafe OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  /// Takes back what `give` handed out.
  // Why it is right: the caller promised not to use the handle any more.
  static func take<Object: AnyObject>(_ handle: OpaquePointer, _: Object.Type) -> Object {
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeRetainedValue()
  }

  /// The object behind a handle, kept: for calls in which callbacks run, as those may give the handle back.
  // Why it is right: the handle is still the caller's when the call begins.
  static func keep<Object: AnyObject>(_ handle: OpaquePointer, _: Object.Type) -> Object {
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
  }

  /// The object behind a handle, which its holder keeps for the time of the call.
  // Why it is right: no function may be called with a handle that was taken back, or is being.
  @inline(__always)
  static func with<Object: AnyObject, Result>(
    _ handle: OpaquePointer, _: Object.Type, _ body: (Object) -> Result
  ) -> Result {
    unsafe Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef(body)
  }
}

/// A refusal as C gets it.
@inline(__always)
func refusal(_ errno: Errno) -> Int32 { -errno.rawValue }

/// False for a pointer that cannot be one to such a thing, which C's rules forbid to make and its casts do not. NULL can.
@inline(__always)
func isAligned<Pointee>(_ pointer: UnsafePointer<Pointee>?) -> Bool {
  UInt(bitPattern: pointer) & UInt(MemoryLayout<Pointee>.alignment &- 1) == 0
}

/// Runs `body` and returns what it returns, or the negative errno of what it throws.
@inline(__always)
func answering(_ body: () throws(BlockError) -> Int32) -> Int32 {
  do throws(BlockError) { return try body() } catch { return refusal(error.errno) }
}

/// What comes before the first call that gives C anything.
enum FirstUse {
  /// Uses everything once; from then on a fork may come at any time.
  static func make() { Forks.useFirst(dmio_first_use) }
}
