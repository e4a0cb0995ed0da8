import Testing

/// A map file, read the plain way: extents of one status.
struct MapText {
  struct Run: Hashable {
    let bytes: Range<Int>
    let status: Character
  }

  let runs: [Run]

  init(_ folder: TemporaryFolder, _ name: String) throws {
    runs = String(decoding: try folder.bytes(name), as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard !line.hasPrefix("#"), words.count == 3, let status = words[2].first, words[2] != "1",
        let start = Int(words[0].dropFirst(2), radix: 16), let size = Int(words[1].dropFirst(2), radix: 16)
      else { return nil }
      return Run(bytes: start..<start + size, status: status)
    }
  }

  /// The sectors of some statuses.
  func sectors(_ isWanted: (Character) -> Bool) -> Set<UInt64> {
    Set(
      runs.filter { isWanted($0.status) }.flatMap {
        UInt64($0.bytes.lowerBound / 512)..<UInt64(($0.bytes.upperBound + 511) / 512)
      })
  }
}
