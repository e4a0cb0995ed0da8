/// A value at an address that does not move: the one door to slots, pieces and a client's state.
///
/// The path keeps its state behind addresses, because a class property costs an exclusivity check at each
/// access and a local moves. The marks of unsafe code stand here instead of at each use. Two promises
/// make that right, and this module keeps them: whoever holds a `Stable` knows that its memory lives
/// (a client's tables live as long as its thread of control), and only one thread at a time reaches through it.
@safe
struct Stable<Value: ~Copyable>: Equatable {
  private let pointer: UnsafeMutablePointer<Value>

  /// The value at `address`, which is initialized and aligned for it.
  init(_ pointer: UnsafeMutablePointer<Value>) { unsafe self.pointer = pointer }

  /// The value at the address that `bits` once was.
  init(bits: UInt) {
    // Never null: it was the address of a value.
    unsafe pointer = UnsafeMutablePointer<Value>(bitPattern: bits).unsafelyUnwrapped
  }

  /// A value of its own on the heap, to be ended with `destroy()`.
  init(allocating value: consuming Value) {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: value)
  }

  /// The value.
  var pointee: Value {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(pointer) }
    @inline(__always) nonmutating unsafeMutableAddress { unsafe pointer }
  }

  /// The address as a number: `user_data` of the ring, a link of the mailbox.
  var bits: UInt { unsafe UInt(bitPattern: pointer) }

  /// Ends a value made with `init(allocating:)`.
  func destroy() {
    unsafe pointer.deinitialize(count: 1)
    unsafe pointer.deallocate()
  }

  static func == (left: Stable, right: Stable) -> Bool { left.bits == right.bits }
}

// Why unchecked: an address may be carried anywhere; who may reach through it is the promise above, and
// ThreadSanitizer runs over the whole suite to hold the module to it.
extension Stable: @unchecked Sendable where Value: ~Copyable {}
