/// The receipt, read strictly: a key that is missing or of another kind fails the test.
struct Receipt: Decodable {
  struct Extent: Decodable, Hashable, CustomStringConvertible {
    let sector: UInt64
    let count: UInt64
    let errno: String?

    init(_ sector: UInt64, _ count: UInt64, _ errno: String?) {
      self.sector = sector
      self.count = count
      self.errno = errno
    }

    var sectors: Range<UInt64> { sector..<sector + count }
    var description: String { "\(sector)+\(count) \(errno ?? "null")" }
  }

  struct Source: Decodable {
    let device: String
    let bytes: UInt64
    let direct: Bool
    let holes: [Extent]
    let sha256: String?
  }

  struct Target: Decodable {
    let device: String
    let ok: Bool
    let bytesWritten: UInt64
    let errno: String?
    let firstBadSector: UInt64?
    let failed: [Extent]
    let flushed: Bool
    let direct: Bool
    let seconds: Double?
    let mismatches: [Run]
    let sha256: String?

    struct Run: Decodable, Hashable {
      let sector: UInt64
      let count: UInt64
    }

    enum CodingKeys: String, CodingKey {
      case device, ok, errno, failed, flushed, direct, seconds, mismatches, sha256
      case bytesWritten = "bytes_written"
      case firstBadSector = "first_bad_sector"
    }
  }

  let schema: Int
  let version: String
  let exit: Int32
  let engine: String
  let seconds: Double
  let source: Source
  let targets: [Target]
}

/// What a run that could not start leaves.
struct Failure: Decodable {
  let schema: Int
  let version: String
  let exit: Int32
  let error: String
}
