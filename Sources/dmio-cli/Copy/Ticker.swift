internal import DMIO

/// A device that answers a flush after a while: with one in flight, `poll(wait:)` comes back that often.
final class Ticker: BlockBackend {
  static let milliseconds: UInt64 = 100
  let geometry = Geometry(bytes: 0)

  func submit(_ piece: consuming Piece) {
    piece.wait(milliseconds: Ticker.milliseconds) { piece in piece.succeed() }
  }

  func close() {}

  /// Calls `tick` on the client's thread until it returns false.
  static func start(_ client: BlockClient, _ tick: @escaping () -> Bool) throws(BlockError) {
    try again(client, BlockDevice(Ticker(), name: "ticker"), tick)
  }

  private static func again(_ client: BlockClient, _ device: BlockDevice, _ tick: @escaping () -> Bool)
    throws(BlockError)
  {
    try client.submit(
      .flush, [Region(device, start: 0, count: 0)], .none,
      onThisThread: { _ in
        // A client that takes no more requests is at its end.
        if tick() { try? again(client, device, tick) }
      })
  }
}
