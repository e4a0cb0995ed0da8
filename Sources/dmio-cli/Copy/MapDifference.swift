internal import DMIOCopy

/// Bytes of which two maps say different things.
struct MapDifference: Hashable {
  let bytes: Range<UInt64>
  /// The status in either map; nil: not in the map.
  let first: SectorMap.Status?
  let second: SectorMap.Status?

  /// All of them, in the order of their positions.
  static func between(_ one: MapFile, _ other: MapFile) -> [MapDifference] {
    let edges = Set(
      [one, other].flatMap { map in
        map.bytes.runs.flatMap { [map.first + $0.sectors.lowerBound, map.first + $0.sectors.upperBound] }
      }
    ).sorted()
    var differences: [MapDifference] = []
    for (begin, end) in zip(edges, edges.dropFirst()) {
      let (first, second) = (one.status(at: begin), other.status(at: begin))
      if first == second { continue }
      if let last = differences.last, last.bytes.upperBound == begin, last.first == first, last.second == second {
        differences[differences.count - 1] = MapDifference(
          bytes: last.bytes.lowerBound..<end, first: first, second: second)
      } else {
        differences.append(MapDifference(bytes: begin..<end, first: first, second: second))
      }
    }
    return differences
  }

  var line: String {
    "0x\(String(bytes.lowerBound, radix: 16, uppercase: true))  0x\(String(bytes.count, radix: 16, uppercase: true))  "
      + "\(MapDifference.letter(first)) \(MapDifference.letter(second))\n"
  }

  var json: JSON {
    .object([
      ("position", .number(bytes.lowerBound)), ("size", .number(UInt64(bytes.count))),
      ("first", .string(MapDifference.letter(first))), ("second", .string(MapDifference.letter(second))),
    ])
  }

  private static func letter(_ status: SectorMap.Status?) -> String {
    status.map { String(UnicodeScalar($0.rawValue)) } ?? "."
  }
}

extension MapFile {
  fileprivate func status(at position: UInt64) -> SectorMap.Status? {
    guard position >= first, position - first < bytes.sectors else { return nil }
    return bytes.status(of: position - first)
  }
}
