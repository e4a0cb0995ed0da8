package import DMIO

/// Where the bytes of a copy go, and what became of them there.
package final class CopyTarget {
  package let device: BlockDevice
  /// The first sector that is written.
  package let start: UInt64
  /// How zeros get there.
  package internal(set) var zeros: Zeros
  /// What is known about its sectors.
  package var map: SectorMap

  /// Bytes of the source that were written and acknowledged.
  package var bytesWritten: UInt64 = 0
  /// Bytes of the source that are through, by whatever way.
  package var bytesSettled: UInt64 = 0
  /// Sectors of the device that failed, with why.
  package private(set) var failures = Extents()
  /// The same, by how that was found out.
  private var faults: [Fault: Extents] = [:]
  /// It gets nothing new: it failed.
  package var isDropped = false
  /// It was too slow: the others go on without it.
  package var isLeftBehind = false
  /// Where what it missed is looked for next.
  var nextMissed: UInt64 = 0
  /// Readers that compare its sectors.
  var readers = 0
  /// A read or write of it did not end in time: it is not waited for any more.
  package var isStuck = false
  /// How long others have waited for it.
  var keptWaiting = Duration.zero
  /// Requests that it has not answered.
  package var inFlight = 0
  /// All that is done on it was read back, or only read.
  package internal(set) var wasVerified = false
  /// Some of what was written to it is not known to be there, as it was not flushed.
  package private(set) var wasTakenBack = false
  /// What it does at its end.
  package var settling = Settling()

  /// How a failure was found out.
  package enum Fault: Sendable, CaseIterable {
    /// A write was refused.
    case write
    /// It cannot be read.
    case read
    /// It cannot be read back, or not be compared.
    case readBack
    /// It was read, and is not what it should be.
    case mismatch
    /// It was written, and a flush failed.
    case flush
    /// An earlier run noted it, and did not note how it was found out.
    case earlier
  }

  /// How a run of zeros gets to a target.
  package enum Zeros: Sendable {
    /// As bytes, like all others.
    case written
    /// With an operation of the device.
    case operation
    /// Not at all: zeros are what stands there.
    case there
  }

  /// How a target is ended: what remains after the last write.
  package struct Settling {
    package enum Step: Sendable { case open, begun, over }
    package var step = Step.open
    package var isFlushed = false
    /// False for a target that is only read, or that somebody else flushes.
    package internal(set) var isNeeded = true
    /// The error of a step, and which that was.
    package var error: (errno: Errno, step: String)?
    /// When it was over.
    package var end: ContinuousClock.Instant?
    /// Makes a file's size right.
    package var trim: () throws(Errno) -> Void = {}
    /// Makes a file's name durable.
    package var syncDirectory: () throws(Errno) -> Void = {}
  }

  package init(_ device: BlockDevice, start: UInt64, sectors: UInt64, zeros: Zeros = .written) {
    self.device = device
    self.start = start
    self.zeros = zeros
    map = SectorMap(sectors: sectors)
  }

  /// Sectors in a block of the device.
  package var block: UInt64 { UInt64(device.geometry.logicalBlock / Limits.sectorBytes) }

  /// The failures that were found out in one way.
  package func failures(by fault: Fault) -> [Extent] { faults[fault]?.list ?? [] }

  /// The failures that were read, and are not what they should be.
  package var mismatches: [Extent] { failures(by: .mismatch) }

  /// Nothing more is going to happen to it.
  package var isSettled: Bool { settling.step == .over }

  /// Everything holds what it should, and was flushed where that is part of it.
  package var isGood: Bool { map.isDone && (settling.isFlushed || !settling.isNeeded) && settling.error == nil }

  /// Sectors of the device that do not hold the source's bytes; the errno of those that were never tried, or of which nobody
  /// knows, as they were not read back where that is wanted, or not flushed, is nil.
  package var failed: [Extent] {
    var extents = Extents()
    for run in map.runs where run.status != .done {
      extents.add(start + run.sectors.lowerBound..<start + run.sectors.upperBound, nil)
    }
    for extent in failures.list { extents.add(extent.sectors, extent.errno) }
    return extents.list
  }

  /// The sectors of the device for a range of the copy.
  func region(of range: Range<UInt64>) -> Region {
    Region(device, start: start + range.lowerBound, count: UInt64(range.count))
  }

  /// Notes sectors of the copy that hold what they should.
  func addGood(_ range: Range<UInt64>) { mark(range, .done) }

  /// Notes sectors of the copy that failed.
  package func addFailure(_ range: Range<UInt64>, _ errno: Errno, by fault: Fault = .write) {
    mark(range, .bad)
    failures.add(start + range.lowerBound..<start + range.upperBound, errno)
    faults[fault, default: Extents()].add(start + range.lowerBound..<start + range.upperBound, errno)
  }

  /// Notes sectors of the copy that are on the device, and not what the source holds; or that it does not have at all.
  package func addMismatch(_ range: Range<UInt64>) { addFailure(range, .EBADMSG, by: .mismatch) }

  /// Has everything that is not done tried again.
  package func reopen() {
    for run in map.runs where run.status != .done { reopen(run.sectors) }
  }

  /// Has sectors of the copy tried again.
  package func reopen(_ range: Range<UInt64>) { mark(range, .untried) }

  /// Takes back all that was written, as a flush failed: with the first error, since a device refuses all flushes after that.
  package func flushFailed(_ errno: Errno) {
    var first = errno
    if let error = settling.error, error.step == "flush" { first = error.errno }
    settling.error = (first, "flush")
    for run in map.runs where run.status == .done { addFailure(run.sectors, first, by: .flush) }
  }

  /// Takes back what nobody knows to be there: it was written, and the flush was not answered, or never asked for.
  ///
  /// - Parameter durable: What an earlier flush made durable.
  package func takeBack(except durable: SectorMap) {
    for run in map.runs where run.status == .done {
      for part in durable.runs(in: run.sectors) where part.status != .done {
        reopen(part.sectors)
        wasTakenBack = true
      }
    }
  }

  /// Nothing of it is open any more, or it got nothing new: no signal cut it short.
  package var isThrough: Bool {
    settling.step == .over && (isDropped || map.first(from: 0, where: \.isOpen) == nil)
  }

  /// Notes a status for sectors of the copy; what was noted of them before is forgotten.
  private func mark(_ range: Range<UInt64>, _ status: SectorMap.Status) {
    map.mark(range, status)
    let sectors = start + range.lowerBound..<start + range.upperBound
    failures.remove(sectors)
    for fault in faults.keys { faults[fault]?.remove(sectors) }
  }
}
