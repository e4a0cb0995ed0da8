import DMIO
import Foundation

/// One recorded request and what the kernel's `dm_io()` answered. The fields are explained in `Data/README.md`.
struct RecordedLine: Decodable, Sendable {
  enum Kind: String, Decodable { case read, write, flush, discard, write_zeroes }
  enum MemoryKind: String, Decodable { case page_list, bvec, vm, kmem }

  let n: Int
  let op: Kind
  let fua: Bool
  let memory: MemoryKind
  let offset: Int
  let vector_bytes: Int
  let bytes: Int
  let async: Bool
  let regions: [RecordedRegion]
  let returned: Int32
  let error_bits: String
  let callbacks: Int
  let read_back_ok: Int

  /// The bits; nil where the kernel left the caller's value untouched.
  var bits: UInt64? {
    let value = UInt64(error_bits.dropFirst(2), radix: 16)
    return value == 0xDEAD_BEEF ? nil : value
  }

  /// True for the call that is refused as a whole: the recorded kernel answered it twice, so only `returned` counts.
  var isReadOfSeveral: Bool { op == .read && regions.count > 1 }

  var operation: DMIO.Operation {
    let flags: DMIO.Operation.Flags = fua ? .fua : []
    return switch op {
    case .read: DMIO.Operation(.read, flags)
    case .write: DMIO.Operation(.write, flags)
    case .flush: DMIO.Operation(.flush, flags)
    case .discard: DMIO.Operation(.discard, flags)
    case .write_zeroes: DMIO.Operation(.writeZeroes, flags)
    }
  }
}

/// A region as recorded: `[device, first sector, count]`.
struct RecordedRegion: Decodable, Sendable {
  let device: Int
  let start: Int
  let count: Int

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    device = try values.decode(Int.self)
    start = try values.decode(Int.self)
    count = try values.decode(Int.self)
  }

  var sectors: Range<Int> { start..<start + count }
}

/// The recording that is replayed: the kernel's, or the file that `DMIO_CONFORMANCE_FILE` names.
enum Recording {
  static let lines = Result { try read() }

  private static func read() throws -> [RecordedLine] {
    let own = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Data/kernel-6.1-dm_io.jsonl").path
    let path = ProcessInfo.processInfo.environment["DMIO_CONFORMANCE_FILE"] ?? own
    let decoder = JSONDecoder()
    return try Data(contentsOf: URL(fileURLWithPath: path))
      .split(separator: UInt8(ascii: "\n"))
      .map { try decoder.decode(RecordedLine.self, from: $0) }
  }
}
