internal import CDMIO
internal import DMIO

/// A request as C gives it, made ready for a client: every check that Swift's types do elsewhere stands here.
@safe
struct Request {
  let operation: Operation
  let regions: UnsafePointer<Region>?
  let count: Int
  let memory: Memory

  /// Reads what was given; nil: something is wrong with it. `where` is looked at only here and during the call.
  @inline(__always)
  init?(
    _ opFlags: Int32, _ priority: UInt16, _ count: UInt32, _ regions: UnsafeMutablePointer<io_region>?,
    _ memory: () -> Memory?
  ) {
    guard let operation = Operation(opFlags, priority: priority), count <= UInt32(Limits.regions),
      unsafe count == 0 || regions != nil && isAligned(regions),
      // What takes no memory has none looked at.
      let memory = operation.kind == .read || operation.kind == .write ? memory() : Memory.none
    else { return nil }
    unsafe assert(MemoryLayout<io_region>.stride == MemoryLayout<Region>.stride)
    let forks = Forks.count
    for index in 0..<Int(count) {
      guard let device = unsafe regions?[index].bdev,
        unsafe Handle.with(device, BlockDevice.self, { $0.forks == forks })
      else {
        return nil
      }
    }
    self.operation = operation
    // Of no regions nobody looks where they are.
    unsafe self.regions = unsafe UnsafeRawPointer(count == 0 ? nil : regions)?.assumingMemoryBound(to: Region.self)
    self.count = Int(count)
    self.memory = memory
  }

  /// The regions where the caller keeps them.
  var span: Span<Region> {
    @_lifetime(borrow self) get {
      let span = unsafe UnsafeBufferPointer(start: regions, count: count).span
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// The function of C as a client takes it.
  // Why it is right: both take a word of 64 bits and a pointer.
  @inline(__always)
  static func notify(_ fn: io_notify_fn) -> BlockClient.Notify {
    unsafe unsafeBitCast(fn, to: BlockClient.Notify.self)
  }

  /// Submits it; `notify` runs once, unless what is returned is negative.
  @inline(__always)
  func submit(
    to client: BlockClient, _ notify: io_notify_fn, _ context: UnsafeMutableRawPointer?,
    _ errors: UnsafeMutablePointer<RegionFailure>?
  ) -> Int32 {
    guard unsafe isAligned(errors) else { return refusal(.EINVAL) }
    let notify = unsafe Request.notify(notify)
    return answering { () throws(BlockError) in
      unsafe try client.submit(operation, span, memory, failures: errors, context: context, notify: notify)
      return 0
    }
  }

  /// Carries it out; 0, or -EIO with the bits in `word`.
  @inline(__always)
  func perform(
    on client: BlockClient, _ word: UnsafeMutablePointer<UInt>?, _ errors: UnsafeMutablePointer<RegionFailure>?
  ) -> Int32 {
    guard unsafe isAligned(word), unsafe isAligned(errors) else { return refusal(.EINVAL) }
    return answering { () throws(BlockError) in
      guard !BlockClient.isInCompletion, !client.mayWaitForCaller else { throw .wouldDeadlock }
      let result = try client.performBlocking(operation, span, memory)
      if let word = unsafe word { unsafe word.pointee = UInt(result.errors.rawValue) }
      if let errors = unsafe errors {
        for index in 0..<count {
          unsafe errors[index] = result.failure(of: index) ?? RegionFailure(errno: Errno(rawValue: 0), sector: 0)
        }
      }
      return result.isSuccess ? 0 : refusal(.EIO)
    }
  }
}

extension Operation {
  /// An operation and its flags, which have the same numbers here and there; nil for what there is not.
  @inline(__always)
  init?(_ opFlags: Int32, priority: UInt16) {
    let flags = UInt32(bitPattern: opFlags) >> 8
    guard let kind = Kind(rawValue: UInt8(truncatingIfNeeded: opFlags)), flags <= 7 else { return nil }
    self.init(kind, Flags(rawValue: UInt8(flags)), priority: IOPriority(rawValue: priority))
  }

  /// The same for what moves data; nil for all else.
  @inline(__always)
  init?(transfer opFlags: Int32, _ priority: UInt16) {
    let bits = UInt32(bitPattern: opFlags)
    // One comparison for the operation and its flags.
    guard bits & ~0x701 == 0 else { return nil }
    self.init(
      bits & 1 == 0 ? .read : .write, Flags(rawValue: UInt8(truncatingIfNeeded: bits >> 8)),
      priority: IOPriority(rawValue: priority))
  }

  /// The same for the functions of dm-io.txt, which read and write.
  static func readOrWrite(_ rw: Int32) -> Int32 { rw & 0xFF <= 1 ? rw : -1 }
}
