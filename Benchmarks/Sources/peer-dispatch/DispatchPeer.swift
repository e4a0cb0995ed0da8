import Dispatch
import Peer
import Synchronization
import Yardstick

/// Dispatch's random-access channel with `depth` operations in flight, each started by the end of the one before.
@main enum DispatchPeer {
  static func main() {
    let run = PeerRun()
    let loop = ChannelLoop(run)
    run.measure { loop.turn() }
  }
}

/// The operations of one channel. All handlers run on one serial queue, which guards what they share.
// Why unchecked: everything that changes is touched on `queue` alone, and by `turn` after the last handler.
private final class ChannelLoop: @unchecked Sendable {
  private let run: PeerRun
  private let channel: DispatchIO
  private let queue = DispatchQueue(label: "handlers")
  private let end = DispatchSemaphore(value: 0)
  private let bytes: DispatchData
  private var random = Yardstick.random(state: 1)
  private var sent: UInt64 = 0
  private var done: UInt64 = 0

  init(_ run: PeerRun) {
    self.run = run
    channel = DispatchIO(type: .random, fileDescriptor: run.descriptor, queue: queue) { error in
      if error != 0 { PeerRun.fail("\(run.path): the channel failed: \(error)") }
    }
    channel.setLimit(lowWater: run.block)
    bytes = unsafe DispatchData(
      bytesNoCopy: UnsafeRawBufferPointer(run.memory(count: 1)), deallocator: .custom(nil, {}))
  }

  /// Keeps `depth` operations in flight; returns how many were made.
  func turn() -> UInt64 {
    queue.async { [self] in
      for _ in 0..<run.depth { send() }
    }
    end.wait()
    return done
  }

  private func send() {
    guard sent < run.limit, !is_span_over() else {
      if sent == done { end.signal() }
      return
    }
    sent += 1
    let offset = Int(run.offset(&random))
    if run.isWrite {
      channel.write(offset: offset, data: bytes, queue: queue) { [self] isDone, rest, error in
        if isDone { finish(error, moved: run.block - (rest?.count ?? 0)) }
      }
    } else {
      var moved = 0
      channel.read(offset: offset, length: run.block, queue: queue) { [self] isDone, data, error in
        moved += data?.count ?? 0
        if isDone { finish(error, moved: moved) }
      }
    }
  }

  private func finish(_ error: Int32, moved: Int) {
    if error != 0 { PeerRun.fail("\(run.path): an I/O failed with errno \(error)") }
    run.check(moved: moved)
    done += 1
    send()
  }
}
