public import DMIO

/// Sectors of a device that do not hold what they should.
public struct Extent: Sendable, Hashable {
  /// The first of them, from the start of the device.
  public var sector: UInt64
  /// How many there are.
  public var count: UInt64
  /// The error; nil: never tried.
  public var errno: Errno?

  /// An extent of a device.
  public init(sector: UInt64, count: UInt64, errno: Errno?) {
    self.sector = sector
    self.count = count
    self.errno = errno
  }

  /// The first sector behind it.
  public var end: UInt64 { sector + count }
  /// Its sectors.
  public var sectors: Range<UInt64> { sector..<end }
}

/// Extents of a device in the order of their sectors, none over another; neighbours of one errno are one extent.
public struct Extents: Sendable, Hashable {
  /// All of them.
  public private(set) var list: [Extent] = []

  /// No extents.
  public init() {}

  /// True while nothing was noted.
  public var isEmpty: Bool { list.isEmpty }

  /// Notes sectors of the device; what was noted of them before is forgotten.
  public mutating func add(_ sectors: Range<UInt64>, _ errno: Errno?) {
    guard !sectors.isEmpty else { return }
    remove(sectors)
    var place = place(of: sectors.lowerBound)
    var new = Extent(sector: sectors.lowerBound, count: UInt64(sectors.count), errno: errno)
    var old = place..<place
    if place > 0, list[place - 1].end == new.sector, list[place - 1].errno == errno {
      place -= 1
      new = Extent(sector: list[place].sector, count: list[place].count + new.count, errno: errno)
      old = place..<old.upperBound
    }
    if old.upperBound < list.count, list[old.upperBound].sector == new.end, list[old.upperBound].errno == errno {
      new.count += list[old.upperBound].count
      old = old.lowerBound..<old.upperBound + 1
    }
    list.replaceSubrange(old, with: CollectionOfOne(new))
  }

  /// Forgets what was noted of sectors.
  public mutating func remove(_ sectors: Range<UInt64>) {
    guard !sectors.isEmpty else { return }
    let first = place(of: sectors.lowerBound)
    var last = first
    while last < list.count, list[last].sector < sectors.upperBound { last += 1 }
    guard first < last else { return }
    var edges: [Extent] = []
    let (low, high) = (list[first], list[last - 1])
    if low.sector < sectors.lowerBound {
      edges.append(Extent(sector: low.sector, count: sectors.lowerBound - low.sector, errno: low.errno))
    }
    if high.end > sectors.upperBound {
      edges.append(Extent(sector: sectors.upperBound, count: high.end - sectors.upperBound, errno: high.errno))
    }
    list.replaceSubrange(first..<last, with: edges)
  }

  /// The place of the first extent that ends behind a sector, by halves.
  private func place(of sector: UInt64) -> Int {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle].end <= sector { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
