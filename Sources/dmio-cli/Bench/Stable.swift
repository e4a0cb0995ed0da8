/// A value at an address that does not move: the state of a bench's threads and runners.
///
/// The loop of a bench is counted in instructions, so what it works with stands behind addresses: a class property costs an
/// exclusivity check at each access. Two promises make that right: `Bench` frees nothing before every thread has ended,
/// and only one thread at a time reaches through a `Stable`, unless its value is made of what is atomic.
@safe
struct Stable<Value: ~Copyable> {
  private let pointer: UnsafeMutablePointer<Value>

  /// The value at `pointer`, which is initialized.
  init(_ pointer: UnsafeMutablePointer<Value>) { unsafe self.pointer = pointer }

  /// The value whose address a callback got as its context.
  @inline(__always)
  init(context: UnsafeMutableRawPointer?) {
    assert(unsafe context != nil, "a callback gets the context that it was given")
    unsafe pointer = context.unsafelyUnwrapped.assumingMemoryBound(to: Value.self)
  }

  /// The value at the address that `bits` once was.
  @inline(__always)
  init(bits: UInt) { unsafe self.init(context: UnsafeMutableRawPointer(bitPattern: bits)) }

  /// A value of its own on the heap, to be ended with `destroy()`; it shares no cache line with anything else.
  init(allocating value: consuming Value) {
    let line = 128
    let bytes = (MemoryLayout<Value>.size + line - 1) / line * line
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: line)
    unsafe pointer = memory.bindMemory(to: Value.self, capacity: 1)
    unsafe pointer.initialize(to: value)
  }

  /// The value.
  var pointee: Value {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(pointer) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe pointer }
  }

  /// The address, to be passed through a callback.
  var context: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(pointer) }

  /// The address as a number: a tag, a link of a list.
  var bits: UInt { unsafe UInt(bitPattern: pointer) }

  /// Ends a value made with `init(allocating:)`.
  func destroy() {
    unsafe pointer.deinitialize(count: 1)
    unsafe UnsafeMutableRawPointer(pointer).deallocate()
  }
}

// Why unchecked: an address may be carried anywhere; who may reach through it is the promise above.
extension Stable: @unchecked Sendable where Value: ~Copyable {}
