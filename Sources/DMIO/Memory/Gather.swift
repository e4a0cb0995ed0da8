internal import CDMIOSystem

/// Memory as the kernel takes it: vectors.
extension MemoryCursor {
  /// Writes the runs of the next `length` bytes into `vectors`, adjacent ones as one; returns how many, and where they are
  /// more than `most`, any number above that.
  @unsafe
  func gather(_ length: Int, into vectors: UnsafeMutablePointer<dmio_vector>, most: Int) -> Int {
    unsafe kind == .pages
      ? gatherPages(length, into: vectors, most: most) : gatherRuns(length, into: vectors, most: most)
  }

  @unsafe
  private func gatherRuns(_ length: Int, into vectors: UnsafeMutablePointer<dmio_vector>, most: Int) -> Int {
    var (cursor, rest) = (self, length)
    var gathered = unsafe Gathered(vectors)
    while rest > 0 {
      let run = cursor.nextRun(limit: rest)
      guard let address = unsafe UnsafeMutableRawPointer(bitPattern: run.address) else { break }
      guard gathered.count < most || UInt(bitPattern: address) == gathered.end else { return most &+ 1 }
      unsafe gathered.add(address, run.length)
      rest &-= run.length
    }
    return gathered.count
  }

  /// The same for a list of pages, without a cursor that is kept up to date at each of them; below 0 where the list ends
  /// too early.
  @unsafe
  private func gatherPages(_ length: Int, into vectors: UnsafeMutablePointer<dmio_vector>, most: Int) -> Int {
    // Where there is a vector for each page none has to be asked for.
    guard length <= most &* Limits.pageBytes &- within else {
      return unsafe gatherRuns(length, into: vectors, most: most)
    }
    var gathered = unsafe Gathered(vectors)
    var next = unsafe UnsafePointer<PageNode>(bitPattern: position)
    var rest = UInt(bitPattern: length)
    if within > 0, length > 0 {
      guard let node = unsafe next else { return -1 }
      let head = min(Limits.pageBytes &- within, length)
      unsafe gathered.add(node.pointee.page + within, head)
      unsafe next = UnsafePointer(node.pointee.next)
      rest &-= UInt(bitPattern: head)
    }
    // Whole pages in a loop of their own: it is as long as what it does.
    var pages = rest / UInt(Limits.pageBytes)
    while pages != 0 {
      guard let node = unsafe next else { return -1 }
      unsafe gathered.add(node.pointee.page, Limits.pageBytes)
      unsafe next = UnsafePointer(node.pointee.next)
      pages &-= 1
    }
    let tail = Int(bitPattern: rest % UInt(Limits.pageBytes))
    if tail > 0 {
      guard let node = unsafe next else { return -1 }
      unsafe gathered.add(node.pointee.page, tail)
    }
    return gathered.count
  }
}

/// Vectors that are being filled, one after the other.
@safe
private struct Gathered {
  private let first: UnsafeMutablePointer<dmio_vector>
  private var next: UnsafeMutablePointer<dmio_vector>
  /// Where the last one ends; 0: there is none.
  private(set) var end: UInt = 0

  @inline(__always)
  init(_ first: UnsafeMutablePointer<dmio_vector>) {
    unsafe (self.first, next) = unsafe (first, first)
  }

  /// Adds a run: to the last vector where it goes on there, else as one more, for which there has to be room.
  @unsafe
  @inline(__always)
  mutating func add(_ address: UnsafeMutableRawPointer, _ bytes: Int) {
    // Pages of a list are seldom side by side.
    if _fastPath(UInt(bitPattern: address) != end) {
      unsafe next.pointee = unsafe dmio_vector(base: address, length: bytes)
      unsafe next += 1
    } else {
      unsafe next[-1].length &+= bytes
    }
    end = UInt(bitPattern: address) &+ UInt(bitPattern: bytes)
  }

  var count: Int {
    // Unsigned: nothing but a shift.
    let bytes = unsafe UInt(bitPattern: next) &- UInt(bitPattern: first)
    return unsafe Int(bitPattern: bytes / UInt(MemoryLayout<dmio_vector>.stride))
  }
}
