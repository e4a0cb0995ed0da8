internal import DMIO

/// A map as a file of GNU ddrescue's form, which its tools, partclone and nbdkit read and write.
///
/// Positions are bytes of the source's device. What we add stands in comments, which those tools leave alone or drop.
public struct MapFile: Sendable, Hashable {
  /// The position of the first byte that the map is about.
  public var first: UInt64
  /// What is known about each byte, counted from the first.
  public var bytes: SectorMap
  /// What we noted about devices: words and their values, in the order of the file.
  public var notes: [Note] = []
  /// Sectors that failed, with the error of each, where it was noted.
  public var errnos: [Extent] = []

  /// One line that we added.
  public struct Note: Sendable, Hashable {
    /// What the note is about; without a colon.
    public var word: String
    /// What was noted, up to the end of the line.
    public var value: String

    /// The line as it stands in the file.
    public var line: String { "# dmio \(word): \(value)" }

    /// A word with its value; neither has line breaks.
    public init(_ word: String, _ value: String) {
      self.word = word
      self.value = value
    }
  }

  /// A map of bytes from `first` on.
  public init(first: UInt64, bytes: SectorMap) {
    self.first = first
    self.bytes = bytes
  }

  /// The map of a copy that begins at sector `start` of its source and has `byteCount` bytes.
  public init(start: UInt64, byteCount: UInt64, sectors: SectorMap) {
    var bytes = SectorMap(sectors: byteCount)
    for run in sectors.runs { bytes.mark(run.sectors.lowerBound * 512..<run.sectors.upperBound * 512, run.status) }
    self.init(first: start * 512, bytes: bytes)
  }

  /// The value of a word that was noted; nil where it was not.
  public func note(_ word: String) -> String? { notes.first { $0.word == word }?.value }

  /// What is known about the sectors: a sector is done, or bad, if all of it is.
  public var sectors: SectorMap {
    let all = bytes.sectors
    var sectors = SectorMap(sectors: (all + 511) / 512)
    for run in bytes.runs {
      let begin = (run.sectors.lowerBound + 511) / 512
      let end = run.sectors.upperBound == all ? (all + 511) / 512 : run.sectors.upperBound / 512
      if begin < end { sectors.mark(begin..<end, run.status) }
    }
    return sectors
  }

  /// The file.
  public var text: String {
    var lines = ["# Mapfile. Created by dmio"]
    lines += notes.map(\.line)
    lines += errnos.map { "# dmio errno: \($0.sector) \($0.count) \($0.errno?.name ?? "-")" }
    let isOpen = bytes.runs.contains { $0.status.isOpen }
    let position = bytes.runs.first { $0.status.isOpen }?.sectors.lowerBound ?? 0
    lines += [
      "# current_pos  current_status  current_pass",
      "\(MapFile.hex(first + position))     \(isOpen ? "?" : "+")               1",
    ]
    lines.append("#      pos        size  status")
    // Everything before the first byte is somebody else's: the tools want a file that begins with their domain.
    lines += bytes.runs.map {
      "\(MapFile.hex(first + $0.sectors.lowerBound))  \(MapFile.hex(UInt64($0.sectors.count)))  \(Character(UnicodeScalar($0.status.rawValue)))"
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }
}
