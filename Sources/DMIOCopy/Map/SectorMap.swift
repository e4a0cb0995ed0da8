/// What is known about each sector of a copy, in runs: the memory of a copy, and what a map file holds.
///
/// Sectors are counted from the copy's first. Runs follow each other without a gap, and neighbours differ.
public struct SectorMap: Sendable, Hashable {
  /// What is known about a sector; the raw value is its letter in a map file of GNU ddrescue.
  public enum Status: UInt8, Sendable, Hashable, CaseIterable {
    /// Nothing was tried yet.
    case untried = 0x3F  // ?
    /// Lies in a block that failed, whose edges were not looked at yet.
    case untrimmed = 0x2A  // *
    /// Lies in a block that failed, whose sectors were not tried one by one yet.
    case unscraped = 0x2F  // /
    /// It failed.
    case bad = 0x2D  // -
    /// It is done: never looked at again.
    case done = 0x2B  // +
  }

  /// Neighbouring sectors of one status.
  public struct Run: Sendable, Hashable {
    /// The sectors, from the copy's first.
    public var sectors: Range<UInt64>
    /// What is known about each of them.
    public var status: Status

    /// A run of sectors.
    public init(_ sectors: Range<UInt64>, _ status: Status) {
      self.sectors = sectors
      self.status = status
    }
  }

  /// All sectors, in their order.
  public private(set) var runs: [Run]

  /// A map of `sectors` sectors that all have one status.
  public init(sectors: UInt64, _ status: Status = .untried) {
    runs = sectors == 0 ? [] : [Run(0..<sectors, status)]
  }

  /// Sectors that the map is about.
  public var sectors: UInt64 { runs.last?.sectors.upperBound ?? 0 }

  /// True when every sector is done.
  public var isDone: Bool { runs.isEmpty || runs.count == 1 && runs[0].status == .done }

  /// The number of sectors with a status.
  public func count(of status: Status) -> UInt64 {
    runs.reduce(0) { $0 + ($1.status == status ? UInt64($1.sectors.count) : 0) }
  }

  /// What is known about a sector of the map.
  public func status(of sector: UInt64) -> Status { runs[place(of: sector)].status }

  /// Notes a status for sectors; what lies beyond the map's end is left out.
  public mutating func mark(_ sectors: Range<UInt64>, _ status: Status) {
    let sectors = sectors.clamped(to: 0..<self.sectors)
    guard !sectors.isEmpty else { return }
    var (first, last) = (place(of: sectors.lowerBound), place(of: sectors.upperBound - 1))
    if first == last, runs[first].status == status { return }
    var new = [Run(sectors, status)]
    if runs[first].sectors.lowerBound < sectors.lowerBound {
      new.insert(Run(runs[first].sectors.lowerBound..<sectors.lowerBound, runs[first].status), at: 0)
    }
    if runs[last].sectors.upperBound > sectors.upperBound {
      new.append(Run(sectors.upperBound..<runs[last].sectors.upperBound, runs[last].status))
    }
    // Neighbours that do not differ any more become one.
    if first > 0, runs[first - 1].status == new[0].status {
      first -= 1
      new[0].sectors = runs[first].sectors.lowerBound..<new[0].sectors.upperBound
    }
    if last + 1 < runs.count, runs[last + 1].status == new[new.count - 1].status {
      last += 1
      new[new.count - 1].sectors = new[new.count - 1].sectors.lowerBound..<runs[last].sectors.upperBound
    }
    runs.replaceSubrange(first...last, with: SectorMap.joined(new))
  }

  /// Has every sector that is not done tried again.
  public mutating func reopen() {
    runs = SectorMap.joined(runs.map { Run($0.sectors, $0.status == .done ? .done : .untried) })
  }

  /// The first sectors from `start` on for which `isWanted` holds, up to the first for which it does not.
  public func first(from start: UInt64, where isWanted: (Status) -> Bool) -> Range<UInt64>? {
    guard start < sectors else { return nil }
    var index = place(of: start)
    while index < runs.count, !isWanted(runs[index].status) { index += 1 }
    guard index < runs.count else { return nil }
    let begin = max(start, runs[index].sectors.lowerBound)
    while index + 1 < runs.count, isWanted(runs[index + 1].status) { index += 1 }
    return begin..<runs[index].sectors.upperBound
  }

  /// The runs that lie in `range`, cut to it.
  public func runs(in range: Range<UInt64>) -> [Run] {
    let range = range.clamped(to: 0..<sectors)
    guard !range.isEmpty else { return [] }
    return runs[place(of: range.lowerBound)...place(of: range.upperBound - 1)].map {
      Run($0.sectors.clamped(to: range), $0.status)
    }
  }

  /// The place of the run that holds a sector, by halves.
  private func place(of sector: UInt64) -> Int {
    precondition(sector < sectors, "a sector of the map")
    var (low, high) = (0, runs.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].sectors.upperBound <= sector { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func joined(_ runs: [Run]) -> [Run] {
    var joined: [Run] = []
    for run in runs {
      if let last = joined.last, last.status == run.status {
        joined[joined.count - 1].sectors = last.sectors.lowerBound..<run.sectors.upperBound
      } else {
        joined.append(run)
      }
    }
    return joined
  }
}
