internal import CDMIOSystem

/// A counter that threads sleep on until another thread raises it.
@safe
struct Futex {
  private let word: UnsafeMutablePointer<UInt32>

  init() {
    unsafe word = .allocate(capacity: 1)
    unsafe word.initialize(to: 0)
  }

  /// The counter that stands at an address, where it is not freed.
  init(standingAt bits: UInt) {
    guard let word = unsafe UnsafeMutablePointer<UInt32>(bitPattern: bits) else {
      preconditionFailure("the address of a counter is never null")
    }
    unsafe self.word = unsafe word
  }

  /// Frees a counter made with `init()`. Nobody may sleep on it any more; a late wake is harmless, as it
  /// only names the address.
  func destroy() { unsafe word.deallocate() }

  /// The counter; what was written before it was raised to this is seen.
  var value: UInt32 { unsafe dmio_futex_load(word) }

  /// Raises the counter and wakes up to `waiters` threads.
  func signal(waiters: Int) {
    unsafe dmio_futex_add(word)
    unsafe dmio_futex_wake(word, Int32(waiters))
  }

  /// Sleeps while the counter is `seen`, at most so many milliseconds unless they are below 0; may return early.
  func wait(while seen: UInt32, atMost milliseconds: Int64 = -1) { unsafe dmio_futex_wait(word, seen, milliseconds) }
}

// Why unchecked: the word is read and raised with atomic instructions only.
extension Futex: @unchecked Sendable {}
