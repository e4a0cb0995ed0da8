import NIOCore
import Peer
import Yardstick
import _NIOFileSystem

/// NIO's file system with `depth` tasks, each of which awaits one I/O after the other.
@main enum NIOPeer {
  static func main() async throws {
    let run = PeerRun()
    if run.isDirect { PeerRun.fail("NIO opens nothing with O_DIRECT") }
    if run.isWrite {
      try await FileSystem.shared.withFileHandle(
        forWritingAt: FilePath(run.path), options: .modifyFile(createIfNecessary: false)
      ) { @Sendable file in
        let bytes = unsafe ByteBuffer(bytes: run.memory(count: 1))
        await turn(run) { offset in Int(try await file.write(contentsOf: bytes, toAbsoluteOffset: offset)) }
      }
    } else {
      try await FileSystem.shared.withFileHandle(forReadingAt: FilePath(run.path)) { @Sendable file in
        await turn(run) { offset in
          try await file.readChunk(fromAbsoluteOffset: offset, length: .bytes(Int64(run.block))).readableBytes
        }
      }
    }
  }

  /// Measures `depth` tasks that do `transfer` at random offsets.
  private static func turn(_ run: PeerRun, _ transfer: @escaping @Sendable (Int64) async throws -> Int) async {
    await run.measure {
      try await withThrowingTaskGroup(of: UInt64.self) { group in
        for index in 0..<run.depth {
          group.addTask {
            var random = Yardstick.random(state: UInt64(index + 1))
            var done: UInt64 = 0
            while done < run.share(of: index), !is_span_over() {
              run.check(moved: try await transfer(Int64(run.offset(&random))))
              done += 1
            }
            return done
          }
        }
        return try await group.reduce(0, +)
      }
    }
  }
}
