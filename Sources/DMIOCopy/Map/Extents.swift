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

/// Extents, noted in any order.
public struct Extents: Sendable, Hashable {
  private var list: [Extent] = []

  /// No extents.
  public init() {}

  /// True while nothing was noted.
  public var isEmpty: Bool { list.isEmpty }

  /// Notes sectors of the device.
  public mutating func add(_ sectors: Range<UInt64>, _ errno: Errno?) {
    guard !sectors.isEmpty else { return }
    if let last = list.last, last.end == sectors.lowerBound, last.errno == errno {
      list[list.count - 1].count += UInt64(sectors.count)
    } else {
      list.append(Extent(sector: sectors.lowerBound, count: UInt64(sectors.count), errno: errno))
    }
  }

  /// Forgets what was noted of sectors.
  public mutating func remove(_ sectors: Range<UInt64>) {
    guard list.contains(where: { $0.sectors.overlaps(sectors) }) else { return }
    list = list.flatMap { extent in
      [
        extent.sector..<max(extent.sector, min(extent.end, sectors.lowerBound)),
        min(extent.end, max(extent.sector, sectors.upperBound))..<extent.end,
      ].filter { !$0.isEmpty }.map { Extent(sector: $0.lowerBound, count: UInt64($0.count), errno: extent.errno) }
    }
  }

  /// Sorted; neighbours of one errno are one extent.
  public var merged: [Extent] {
    var result: [Extent] = []
    for extent in list.sorted(by: { $0.sector < $1.sector }) {
      if let last = result.last, last.end == extent.sector, last.errno == extent.errno {
        result[result.count - 1].count += extent.count
      } else {
        result.append(extent)
      }
    }
    return result
  }
}
