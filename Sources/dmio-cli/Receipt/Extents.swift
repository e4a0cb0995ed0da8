internal import DMIO

/// A run of sectors of a device that does not hold what it should; an errno of nil: never tried.
struct Extent: Hashable {
  var sector: UInt64
  var count: UInt64
  var errno: Errno?

  var end: UInt64 { sector + count }

  var json: JSON {
    .object([("sector", .number(sector)), ("count", .number(count)), ("errno", .string(orNull: errno?.name))])
  }
}

/// Runs of sectors, noted in any order.
struct Extents {
  private var list: [Extent] = []

  var isEmpty: Bool { list.isEmpty }

  mutating func add(_ sectors: Range<UInt64>, _ errno: Errno?) {
    guard !sectors.isEmpty else { return }
    if let last = list.last, last.end == sectors.lowerBound, last.errno == errno {
      list[list.count - 1].count += UInt64(sectors.count)
    } else {
      list.append(Extent(sector: sectors.lowerBound, count: UInt64(sectors.count), errno: errno))
    }
  }

  /// Sorted; neighbours of one errno are one extent.
  var merged: [Extent] {
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
