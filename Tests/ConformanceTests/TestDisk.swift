import DMIO
import Glibc

/// One of the eight devices, and a model of what has to be on it.
///
/// The device is a fault device over a file opened with O_DIRECT (or over a RAM disk); what is really there is read past the
/// service, through a descriptor of the test's own.
final class TestDisk {
  static let sectors = 4096
  static let sectorBytes = 512

  let number: Int
  let device: BlockDevice
  private let source: Source
  /// What has to be on the disk, and which sectors of that are known (1) at all.
  private let model = UnsafeMutableRawPointer.allocate(byteCount: sectors * sectorBytes, alignment: 4096)
  private let known = UnsafeMutablePointer<UInt8>.allocate(capacity: sectors)
  private let found = UnsafeMutableRawPointer.allocate(byteCount: sectors * sectorBytes, alignment: 4096)

  /// Where the truth is read.
  enum Source {
    case file(Int32)
    case ram(BlockDevice, BlockClient)
  }

  init(_ number: Int, over inner: BlockDevice, _ source: Source) throws {
    self.number = number
    self.source = source
    device = try BlockDevice.fault(inner, TestDisk.plan(of: number))
    memset(model, 0, TestDisk.sectors * TestDisk.sectorBytes)
    memset(known, 1, TestDisk.sectors)
  }

  deinit {
    if case .file(let descriptor) = source { close(descriptor) }
    model.deallocate()
    known.deallocate()
    found.deallocate()
  }

  var logicalBlockSectors: Int { number == 5 ? 8 : 1 }

  /// The sectors that fail reads and writes.
  var badSectors: Range<Int> {
    switch number {
    case 1: 1000..<1008
    case 2: 0..<1
    case 3: 4088..<4096
    case 4: 0..<TestDisk.sectors
    default: 0..<0
    }
  }

  private static func plan(of number: Int) -> FaultPlan {
    let bad: (UInt64, UInt64)? = [1: (1000, 8), 2: (0, 1), 3: (4088, 8), 4: (0, 4096)][number]
    let rules = bad.map { bad in
      [DMIO.Operation.Kind.read, .write].map { FaultPlan.Rule(operation: $0, start: bad.0, count: bad.1) }
    }
    return FaultPlan(
      geometry: FaultPlan.GeometryOverride(
        logicalBlock: number == 5 ? 4096 : nil, discard: number == 6, writeZeroes: number == 5),
      rules: rules ?? [])
  }

  // What the model is told.

  func write(_ sectors: Range<Int>, from bytes: UnsafeRawPointer) {
    memcpy(address(sectors.lowerBound), bytes, sectors.count * TestDisk.sectorBytes)
    memset(known + sectors.lowerBound, 1, sectors.count)
  }

  func zero(_ sectors: Range<Int>) {
    memset(address(sectors.lowerBound), 0, sectors.count * TestDisk.sectorBytes)
    memset(known + sectors.lowerBound, 1, sectors.count)
  }

  func forget(_ sectors: Range<Int>) { memset(known + sectors.lowerBound, 0, sectors.count) }

  func isKnown(_ sector: Int) -> Bool { known[sector] != 0 }

  func address(_ sector: Int) -> UnsafeMutableRawPointer {
    model + sector * TestDisk.sectorBytes
  }

  // What is really there.

  /// The known sectors of `sectors` and of a block around them that do not hold what they have to; nil if none.
  func firstWrongSector(around sectors: Range<Int>) throws -> Int? {
    let window = max(0, (sectors.lowerBound - 8) & ~7)..<min(TestDisk.sectors, (sectors.upperBound + 15) & ~7)
    try read(window)
    var next = window.lowerBound
    while next < window.upperBound {
      let value = known[next]
      var end = next + 1
      while end < window.upperBound, known[end] == value { end += 1 }
      if value != 0, let wrong = firstDifference(next..<end) { return wrong }
      next = end
    }
    return nil
  }

  private func firstDifference(_ sectors: Range<Int>) -> Int? {
    let offset = sectors.lowerBound * TestDisk.sectorBytes
    guard memcmp(found + offset, address(sectors.lowerBound), sectors.count * TestDisk.sectorBytes) != 0 else {
      return nil
    }
    return sectors.first { memcmp(found + $0 * TestDisk.sectorBytes, address($0), TestDisk.sectorBytes) != 0 }
  }

  private func read(_ sectors: Range<Int>) throws {
    let place = found + sectors.lowerBound * TestDisk.sectorBytes
    let bytes = sectors.count * TestDisk.sectorBytes
    switch source {
    case .file(let descriptor):
      let result = pread(descriptor, place, bytes, sectors.lowerBound * TestDisk.sectorBytes)
      guard result == bytes else { throw Unreadable(disk: number, result: result, errno: errno) }
    case .ram(let inner, let client):
      let region = Region(inner, start: UInt64(sectors.lowerBound), count: UInt64(sectors.count))
      let result = try client.performBlocking(.read, [region], Memory(contiguous: place, byteCount: bytes))
      guard result.isSuccess else { throw Unreadable(disk: number, result: -1, errno: EIO) }
    }
  }

  struct Unreadable: Error {
    let disk: Int
    let result: Int
    let errno: Int32
  }
}

/// The eight devices of a recording.
final class TestDisks {
  let disks: [TestDisk]

  private init(_ disks: [TestDisk]) { self.disks = disks }

  deinit { for disk in disks { disk.device.close() } }

  subscript(number: Int) -> TestDisk { disks[number] }

  /// Over files in a folder that takes O_DIRECT in units of 512 bytes. Their names are gone as soon as they are open.
  static func onFiles() throws -> TestDisks {
    let folder = try Scratch.folder.get()
    return TestDisks(
      try (0..<8).map { number in
        let path = "\(folder)/conformance-\(getpid())-\(UInt64.random(in: 0 ... .max)).img"
        defer { unlink(path) }
        try Scratch.makeFile(path, sectors: TestDisk.sectors)
        let inner = try BlockDevice.open(path, FileOptions(isDirect: true))
        let own = open(path, O_RDONLY | Scratch.direct | O_CLOEXEC)
        guard own >= 0 else { throw BlockError.system(Errno(rawValue: errno), path) }
        return try TestDisk(number, over: inner, .file(own))
      })
  }

  static func inMemory() throws -> TestDisks {
    let client = try BlockClient(pages: 1, engine: .threads)
    return TestDisks(
      try (0..<8).map { number in
        let inner = try BlockDevice.ram(bytes: UInt64(TestDisk.sectors * TestDisk.sectorBytes))
        return try TestDisk(number, over: inner, .ram(inner, client))
      })
  }
}

/// Where the test's files stand.
enum Scratch {
  /// O_DIRECT, which Glibc's overlay does not show.
  #if arch(arm64)
    static let direct: Int32 = 0o200000
  #else
    static let direct: Int32 = 0o40000
  #endif

  /// The first folder that takes O_DIRECT in units of 512 bytes and can make a range of a file read as zeros.
  static let folder = Result<String, BlockError> { () throws(BlockError) in
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    for folder in ["/\(root)/.build", "/var/tmp", "/tmp"] where serves(folder) { return folder }
    throw .system(.EINVAL, "no folder for files with O_DIRECT in units of 512 bytes")
  }

  static func makeFile(_ path: String, sectors: Int) throws(BlockError) {
    let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(Errno(rawValue: errno), path) }
    defer { close(descriptor) }
    let zeros = [UInt8](repeating: 0, count: sectors * TestDisk.sectorBytes)
    guard pwrite(descriptor, zeros, zeros.count, 0) == zeros.count, fdatasync(descriptor) == 0 else {
      throw .system(Errno(rawValue: errno), path)
    }
  }

  private static func serves(_ folder: String) -> Bool {
    let path = "\(folder)/conformance-\(getpid())-probe.img"
    defer { unlink(path) }
    guard (try? makeFile(path, sectors: 8)) != nil,
      let device = try? BlockDevice.open(path, FileOptions(isDirect: true)),
      device.geometry.logicalBlock == 512, let client = try? BlockClient(pages: 1, engine: .threads),
      let result = try? client.writeZeroesBlocking([Region(whole: device)])
    else { return false }
    return result.isSuccess
  }
}

extension Result {
  fileprivate init(_ body: () throws(Failure) -> Success) {
    do throws(Failure) { self = .success(try body()) } catch { self = .failure(error) }
  }
}
