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
    var (cursor, rest, count, end) = (self, length, 0, UInt.max)
    while rest > 0 {
      let run = cursor.nextRun(limit: rest)
      rest &-= run.length
      guard unsafe MemoryCursor.add(run.address, run.length, &count, &end, to: vectors, most: most) else { break }
    }
    return count
  }

  /// The same for a list of pages, without a cursor that is kept up to date at each of them; below 0 where the list ends
  /// too early.
  @unsafe
  private func gatherPages(_ length: Int, into vectors: UnsafeMutablePointer<dmio_vector>, most: Int) -> Int {
    // Where there is a vector for each page none has to be asked for.
    guard length <= most &* Limits.pageBytes &- within else {
      return unsafe gatherRuns(length, into: vectors, most: most)
    }
    var (node, within, rest, count, end) = (position, within, length, 0, UInt.max)
    while rest > 0 {
      guard let page = unsafe UnsafePointer<PageNode>(bitPattern: node) else { return -1 }
      let address = unsafe UInt(bitPattern: page.pointee.page) &+ UInt(bitPattern: within)
      let bytes = min(Limits.pageBytes &- within, rest)
      if address == end {
        unsafe vectors[count &- 1].length &+= bytes
      } else {
        unsafe vectors[count] = unsafe dmio_vector(base: UnsafeMutableRawPointer(bitPattern: address), length: bytes)
        count &+= 1
      }
      end = address &+ UInt(bitPattern: bytes)
      rest &-= bytes
      within = 0
      node = unsafe UInt(bitPattern: page.pointee.next)
    }
    return count
  }

  /// Adds a run; false, and one more than `most`, where there is no room for it. `end` is where the last one ended.
  @unsafe
  @inline(__always)
  private static func add(
    _ address: UInt, _ bytes: Int, _ count: inout Int, _ end: inout UInt,
    to vectors: UnsafeMutablePointer<dmio_vector>, most: Int
  ) -> Bool {
    if address == end {
      unsafe vectors[count &- 1].length &+= bytes
    } else {
      guard count < most else {
        count = most &+ 1
        return false
      }
      unsafe vectors[count] = unsafe dmio_vector(base: UnsafeMutableRawPointer(bitPattern: address), length: bytes)
      count &+= 1
    }
    end = address &+ UInt(bitPattern: bytes)
    return true
  }
}
