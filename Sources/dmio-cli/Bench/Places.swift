/// The places on the device that requests go to: any of its blocks, in no order, each as likely as the others.
struct Places {
  /// The first sector of the first block.
  let firstSector: UInt64
  /// How many blocks there are.
  let blocks: UInt64
  /// Sectors of one block.
  let blockSectors: UInt64
  private var state: UInt64

  init(firstSector: UInt64, blocks: UInt64, blockSectors: UInt64, seed: UInt64) {
    self.firstSector = firstSector
    self.blocks = blocks
    self.blockSectors = blockSectors
    state = seed
  }

  /// The first sector of the next block.
  @inline(__always)
  mutating func next() -> UInt64 {
    firstSector &+ advance().multipliedFullWidth(by: blocks).high &* blockSectors
  }

  /// A random number, of which the high bits are good (Knuth's generator, MMIX).
  @inline(__always)
  mutating func advance() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}
