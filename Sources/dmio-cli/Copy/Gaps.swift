internal import DMIO
internal import DMIOCopy
internal import Glibc

/// Where a sparse file has no data, as its file system says.
///
/// The last answer is kept, as long as it is about what is asked: some file systems look at every page up to the next gap. Of a file
/// that occupies all it holds, where no gap is likely, only the places of data are asked for, a `stride` apart: a gap that begins
/// in between is read, as zeros, to the end of the stride.
final class Gaps {
  private let file: Descriptor
  private let start: UInt64
  private let isFull: Bool
  private var known: (sectors: Range<UInt64>, isData: Bool) = (0..<0, false)

  // lseek(2): the next data, the next gap.
  private static let (seekData, seekHole): (Int32, Int32) = (3, 4)

  /// 4 MiB: of a preallocated file not much more is read than was written. The end of the data of 1 GiB in memory takes 12 ms to find.
  private static let stride: UInt64 = 8192

  /// - Parameter start: The sector of the file that is the copy's first.
  init(_ file: Descriptor, start: UInt64) {
    self.file = file
    self.start = start
    isFull = (try? file.status()).map { $0.occupied >= $0.bytes } ?? false
  }

  /// Whether the copy has data from `sector` on, and up to which sector that is so.
  func content(_ sector: UInt64) -> (isData: Bool, end: UInt64) {
    if !known.sectors.contains(sector) {
      let (isData, end) = ask(sector)
      known = (sector..<max(end, sector + 1), isData)
    }
    return (known.isData, known.sectors.upperBound)
  }

  private func ask(_ sector: UInt64) -> (isData: Bool, end: UInt64) {
    let place = off_t(clamping: (start + sector) * 512)
    let data = lseek(file.number, place, Gaps.seekData)
    // A file system that knows no gaps has data only.
    if data < 0, errno != ENXIO { return (true, .max) }
    if data < 0 {
      // Behind the last data there is a gap to the end. Where the file has become shorter is none: a read tells what is missing.
      let now = (try? file.status().bytes) ?? 0
      return now <= UInt64(place) ? (true, .max) : (false, (now + 511) / 512 - start)
    }
    if data >= place + 512 { return (false, UInt64(data) / 512 - start) }
    if isFull { return (true, (sector / Gaps.stride + 1) * Gaps.stride) }
    let gap = lseek(file.number, max(data, place), Gaps.seekHole)
    if gap < 0 { return (true, .max) }
    return (true, (UInt64(gap) + 511) / 512 - start)
  }
}
