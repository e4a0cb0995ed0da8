internal import DMIO

/// What is wrong with a map file, and in which line of it.
public struct MapFileError: Error, Sendable, Hashable {
  /// The line, from 1 on; nil: the file as a whole.
  public let line: Int?
  /// One sentence.
  public let reason: String

  /// The sentence with its line.
  public var message: String { (line.map { "line \($0): " } ?? "") + reason }
}

extension MapFile {
  /// Reads a file of ddrescue's form: a line of its state, then lines of position, size and status without gaps.
  ///
  /// Numbers are decimal, hexadecimal (0x) or octal (0), as in C; `#` begins a comment.
  public init(parsing file: [UInt8]) throws(MapFileError) {
    var (runs, notes, errnos) = ([SectorMap.Run](), [Note](), [Extent]())
    var hasState = false
    let lines = file.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      func refuse(_ reason: String) -> MapFileError { MapFileError(line: index + 1, reason: reason) }
      guard line.count <= 4096 else { throw refuse("is longer than 4096 bytes") }
      let text = String(decoding: line, as: UTF8.self)
      if let note = MapFile.note(in: text) {
        if note.word == "errno", let extent = MapFile.extent(note.value) {
          errnos.append(extent)
        } else {
          notes.append(note)
        }
      }
      let words = text.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
      if words.isEmpty { continue }
      if !hasState {
        guard words.count >= 2, MapFile.number(words[0]) != nil, words[1].count == 1, "?*/-FG+".contains(words[1])
        else {
          throw refuse("is not the position and status that a map begins with")
        }
        hasState = true
        continue
      }
      guard words.count == 3, let position = MapFile.number(words[0]), let size = MapFile.number(words[1]),
        let letter = words[2].utf8.first, words[2].utf8.count == 1, let status = SectorMap.Status(rawValue: letter)
      else { throw refuse("is not a position, a size and one of ? * / - +") }
      let (end, isTooLong) = position.addingReportingOverflow(size)
      guard size > 0, !isTooLong, end <= UInt64(Int64.max) else { throw refuse("has an impossible size") }
      if let last = runs.last, last.sectors.upperBound != position {
        throw refuse("does not begin where the one before ends")
      }
      runs.append(SectorMap.Run(position..<end, status))
    }
    guard hasState else { throw MapFileError(line: nil, reason: "is no map file") }
    let first = runs.first?.sectors.lowerBound ?? 0
    self.init(first: first, bytes: SectorMap(sectors: (runs.last?.sectors.upperBound ?? first) - first))
    for run in runs { bytes.mark(run.sectors.lowerBound - first..<run.sectors.upperBound - first, run.status) }
    (self.notes, self.errnos) = (notes, errnos)
  }

  private static func note(in line: String) -> Note? {
    guard line.hasPrefix("# dmio "), let colon = line.firstIndex(of: ":") else { return nil }
    let word = line[line.index(line.startIndex, offsetBy: 7)..<colon]
    let value = line[line.index(after: colon)...].drop { $0 == " " }
    // An editor may have ended the lines its own way.
    return Note(String(word), String(value.last == "\r" ? value.dropLast() : value))
  }

  private static func extent(_ text: String) -> Extent? {
    let words = text.split(separator: " ")
    guard words.count == 3, let sector = UInt64(words[0]), let count = UInt64(words[1]), count > 0,
      !sector.addingReportingOverflow(count).overflow
    else { return nil }
    return Extent(sector: sector, count: count, errno: Errno(name: String(words[2])))
  }

  private static func number(_ text: Substring) -> UInt64? {
    let lower = text.lowercased()
    guard lower.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }) else { return nil }
    if lower.hasPrefix("0x") { return UInt64(lower.dropFirst(2), radix: 16) }
    if lower.hasPrefix("0"), lower.count > 1 { return UInt64(lower.dropFirst(), radix: 8) }
    return UInt64(lower)
  }
}
