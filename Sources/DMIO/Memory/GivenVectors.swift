/// Vectors as the kernel takes them.
extension MemoryCursor {
  /// Where the first of the vectors lies.
  var firstVector: UInt {
    unsafe UInt(bitPattern: vector.base)
  }

  /// True when the `count` vectors from here on are whole sectors, none empty, `length` bytes together, and few enough for any transfer: they need not be gathered.
  ///
  /// Address and length of a vector are looked at as one, both less 1: then what is 0 has the highest bit, and what is whole sectors
  /// all of the lowest. Where an empty one lies nobody asks, but the kernel would.
  @inline(__always)
  func areJust(_ count: Int, _ length: Int) -> Bool {
    guard count > 0, count <= Limits.pieceRunsAtMost, var next = unsafe UnsafeRawPointer(bitPattern: position) else {
      return false
    }
    let end = unsafe next + count &* MemoryLayout<MemoryVector>.stride
    var (sum, any, all) = (SIMD2<UInt>.zero, SIMD2<UInt>.zero, ~SIMD2<UInt>.zero)
    repeat {
      let vector = unsafe next.loadUnaligned(as: SIMD2<UInt>.self) &- 1
      sum &+= vector
      any |= vector
      all &= vector
      unsafe next += MemoryLayout<MemoryVector>.stride
    } while unsafe next != end
    let sectorMask = UInt(Limits.sectorBytes - 1)
    // So many of up to 2^53 bytes are not added up beyond what an integer holds.
    return sum[1] == UInt(bitPattern: length &- count) && all[1] & sectorMask == sectorMask && any[1] < 1 << 53
      && any[0] < 1 << 63
  }
}
