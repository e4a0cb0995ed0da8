/// A place in a request's memory, and the way on from there: `struct dpages` of dm-io.c.
///
/// A plain value: copying it is remembering the place, and rewinding is using the copy.
struct MemoryCursor: Equatable {
  let kind: Memory.Kind
  /// The address of the byte (contiguous), of the vector or of the node.
  var position: UInt
  /// Bytes of the vector or page that lie behind.
  private(set) var within: Int

  /// True when the data begins where a sector of the first page does.
  @inline(__always)
  var isInPage: Bool { UInt(bitPattern: within) < UInt(Limits.pageBytes) && within % Limits.sectorBytes == 0 }

  init(kind: Memory.Kind, position: UInt, within: Int) {
    self.kind = kind
    self.position = position
    self.within = within
  }

  /// The next run of bytes that lie side by side, at most `limit` (above 0) of them, and steps over it.
  ///
  /// Validation has made sure that the memory reaches as far as anybody walks.
  @inline(__always)
  mutating func nextRun(limit: Int) -> Run {
    if kind == .contiguous {
      defer { position &+= UInt(bitPattern: limit) }
      return Run(address: position, length: limit)
    }
    return nextScatteredRun(limit: limit)
  }

  private mutating func nextScatteredRun(limit: Int) -> Run {
    if kind == .pages {
      let run = pageRun(limit: limit)
      return run
    }
    precondition(kind != .none, "a transfer without memory")
    while true {
      let vector = unsafe vector
      if vector.length > within {
        let run = unsafe Run(
          address: UInt(bitPattern: vector.base) &+ UInt(within), length: min(vector.length - within, limit))
        within += run.length
        if within == vector.length { stepVector() }
        return run
      }
      stepVector()
    }
  }

  private mutating func pageRun(limit: Int) -> Run {
    let node = unsafe node
    let run = unsafe Run(
      address: UInt(bitPattern: node.page) &+ UInt(within), length: min(Limits.pageBytes - within, limit))
    within += run.length
    if within == Limits.pageBytes {
      within = 0
      position = unsafe UInt(bitPattern: node.next)
    }
    return run
  }

  private mutating func stepVector() {
    assert(MemoryLayout<MemoryVector>.stride == MemoryLayout<BioVector>.stride)
    position &+= UInt(MemoryLayout<MemoryVector>.stride)
    within = 0
  }

  /// Steps over `bytes` bytes.
  mutating func advance(by bytes: Int) {
    var rest = bytes
    while rest > 0 { rest -= nextRun(limit: rest).length }
  }

  /// Steps over `bytes` bytes and hands out each run of them.
  mutating func forEachRun(of bytes: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    var rest = bytes
    while rest > 0 {
      let run = nextRun(limit: rest)
      unsafe body(run.bytes)
      rest -= run.length
    }
  }

  /// Copies the next `bytes` bytes to where `target` stands.
  func copy(_ bytes: Int, to target: MemoryCursor) {
    var (from, to) = (self, target)
    unsafe from.forEachRun(of: bytes) { source in
      var done = 0
      unsafe to.forEachRun(of: source.count) { part in
        unsafe part.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[done..<done + part.count]))
        done += part.count
      }
    }
  }

  /// Sets the next `bytes` bytes to zero; pages of a circular list once, however many bytes are asked for.
  func zero(_ bytes: Int) {
    var cursor = self
    var rest = bytes
    // The node to come back to moves on, each time after twice as many steps.
    var (seen, steps, stepsToMove) = (position, 0, 1)
    while rest > 0 {
      let run = cursor.nextRun(limit: rest)
      unsafe _ = run.bytes.initializeMemory(as: UInt8.self, repeating: 0)
      rest -= run.length
      guard kind == .pages else { continue }
      if cursor.position == seen { return }
      steps += 1
      guard steps == stepsToMove else { continue }
      (seen, steps, stepsToMove) = (cursor.position, 0, 2 * stepsToMove)
    }
  }

  @unsafe var vector: MemoryVector {
    if kind == .bioVectors { return unsafe bioVector }
    guard let address = unsafe UnsafePointer<MemoryVector>(bitPattern: position) else {
      preconditionFailure("the memory ended before the region")
    }
    return unsafe address.pointee
  }

  @unsafe private var bioVector: MemoryVector {
    guard let address = unsafe UnsafePointer<BioVector>(bitPattern: position), let page = unsafe address.pointee.page
    else { preconditionFailure("the memory ended before the region") }
    return unsafe MemoryVector(base: page + Int(address.pointee.offset), length: Int(address.pointee.length))
  }

  @unsafe private var node: PageNode {
    guard let address = unsafe UnsafePointer<PageNode>(bitPattern: position) else {
      preconditionFailure("the memory ended before the region")
    }
    return unsafe address.pointee
  }

  /// Bytes that lie side by side.
  struct Run: Equatable {
    var address: UInt
    var length: Int

    @unsafe var bytes: UnsafeMutableRawBufferPointer {
      unsafe UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(bitPattern: address), count: length)
    }
  }
}
