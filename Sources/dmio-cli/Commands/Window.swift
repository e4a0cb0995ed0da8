internal import DMIO

/// How much of a copy is on its way at a time: so many chunks, of so many bytes each.
struct Window {
  let chunks: Int
  static let chunkBytes = 1 << 20

  /// Keeps slow devices busy, and stays well below 64 MiB.
  static let most = Window(chunks: 16)
  /// For one target where nobody waits for a device, there are only processors to be kept busy: more chunks push one another
  /// out of their caches. With several targets that gained nothing, and one that is slow would hold all of so few.
  private static let inMemory = 4

  private init(chunks: Int) { self.chunks = chunks }

  /// The window for copying `bytes` between these devices.
  init(_ devices: [OpenDevice], bytes: UInt64) {
    let areInMemory = devices.count == 2 && devices.allSatisfy { $0.report?.isInMemory == true }
    let chunks = areInMemory ? Window.inMemory : Window.most.chunks
    let needed = bytes / UInt64(Window.chunkBytes) + 1
    self.chunks = Int(min(UInt64(chunks), needed))
  }
}
