internal import CDMIOSystem
internal import Synchronization

/// A device: something with a geometry that takes pieces of requests.
///
/// The handle keeps what the path of an I/O asks for in plain fields, read once. It can be shared between
/// threads and clients, and lives for as long as a region or a request in flight holds it.
public final class BlockDevice: Sendable {
  /// What the device is called in messages.
  public let name: String
  /// Size, alignment and limits, as they were when the device was opened.
  public let geometry: Geometry
  let backend: any BlockBackend
  /// Set when the back end is a file, whose pieces go to the client's engine.
  let file: FileBackend?
  /// The file's descriptor, -1 for a device without; and what is one piece for it.
  let descriptor: Int32
  let fit: WholeFit
  /// What may be answered while the caller waits for it.
  let promptness: Promptness
  /// Its place in the device tables of all clients, and that in bytes.
  let number: Int
  let tableOffset: Int
  /// How many forks this process was away from the first when the device was made.
  package let forks = Forks.count
  /// How many fault devices are stacked here.
  let faultDepth: Int
  /// The clients that know the device, and may hold its file.
  let holders = Locked<[Stable<ClientState>]>([])
  /// Reads that are not to be looked for in the page cache, because one was not there.
  let cachedReadsToSkip = Atomic<Int>(0)
  /// 0 for a device that is open and has not failed a flush.
  private let trouble = Atomic<Int32>(0)
  /// `tableOffset` for such a device. For one in trouble a place where none stands: who finds it there need not ask.
  private let soundOffset: Atomic<Int>
  private let retired = Atomic<Bool>(false)

  /// A device of the kind that `backend` is.
  ///
  /// Throws EINVAL for a geometry outside of `Limits`, and EMFILE when `Limits.devices` devices are open.
  public convenience init(_ backend: any BlockBackend, name: String) throws(BlockError) {
    try self.init(backend, name: name, faultDepth: 0)
  }

  init(_ backend: any BlockBackend, name: String, faultDepth: Int) throws(BlockError) {
    let geometry = backend.geometry
    guard geometry.isValid else { throw .system(.EINVAL, "\(name): a geometry beyond the limits of the service") }
    number = try DeviceNumbers.take()
    tableOffset = DeviceTable.offset(of: number)
    soundOffset = Atomic(tableOffset)
    self.backend = backend
    self.name = name
    self.faultDepth = faultDepth
    self.geometry = geometry
    file = backend as? FileBackend
    descriptor = file?.descriptor ?? -1
    fit = file == nil ? WholeFit() : WholeFit(geometry)
    promptness = file?.promptness ?? .none
  }

  deinit {
    if !isClosed { backend.close() }
    DeviceNumbers.put(number)
  }

  /// Closes the device: regions on it fail with ENODEV from now on, and pieces that it holds back are answered.
  ///
  /// I/O in flight goes on to its end. The file is given up at once; a driven client that used it, and stands on another
  /// thread than this, gives it up with its next `poll`. Closing twice does nothing.
  public func close() {
    leaveTables()
    let before = trouble.bitwiseOr(BlockDevice.closedBit, ordering: .acquiringAndReleasing).oldValue
    guard before & BlockDevice.closedBit == 0 else { return }
    backend.close()
    // A client takes itself off the list, under the lock, before it ends.
    holders.withLock { for client in $0 { client.deviceWasClosed(number) } }
    wrapped?.close()
  }

  /// Gives the device up: what was handed in goes on to its end, and then the file is let go of, though clients know it.
  ///
  /// Nobody may use the device in a new request. A driven client lets go of it in its next `poll`, if it is not this thread's.
  package func retire() {
    retired.store(true, ordering: .sequentiallyConsistent)
    endHanging()
    // A client takes itself off the list, under the lock, before it ends; this thread's own cannot end meanwhile.
    let own = holders.withLock { clients in
      for client in clients where !client.isOwner { client.letGoLater(number) }
      return clients.filter(\.isOwner)
    }
    for client in own { client.letGoSoon(number) }
  }

  /// True once the device was given up.
  var isRetired: Bool { retired.load(ordering: .sequentiallyConsistent) }

  /// What a fault device lets hang would have no end.
  private func endHanging() {
    (backend as? FaultDevice)?.endHanging()
    wrapped?.endHanging()
  }

  /// True once the device was closed.
  public var isClosed: Bool { trouble.load(ordering: .acquiring) & BlockDevice.closedBit != 0 }

  /// Above every errno; those of a failed flush stand below it.
  private static let closedBit: Int32 = 1 << 16

  @inline(__always)
  var isHealthy: Bool { trouble.load(ordering: .relaxed) == 0 }

  /// Where an entry for the device stands in every table while it is open and has not failed a flush.
  @inline(__always)
  var tableOffsetIfHealthy: Int { soundOffset.load(ordering: .relaxed) }

  /// Before the trouble is told: whoever has seen it finds the device nowhere.
  private func leaveTables() { soundOffset.store(DeviceTable.offset(of: DeviceTable.nowhere), ordering: .relaxed) }

  /// The error of the flush that failed, after which nothing that was written can be trusted; nil while there is none.
  ///
  /// Writes, flushes, discards and write-zeroes then fail with EIO: a second flush might succeed falsely.
  public var failedFlush: Errno? {
    let errno = trouble.load(ordering: .acquiring) & ~BlockDevice.closedBit
    return errno == 0 ? nil : Errno(rawValue: errno)
  }

  /// Passes a piece to this device; for devices that wrap another. On the thread of the piece's client, or any other.
  ///
  /// What lies beyond this device's end, where only a wrapper that claims to be larger sends it, fails with EIO.
  public func submit(_ piece: consuming Piece) {
    let (start, count) = (piece.startSector, piece.sectorCount)
    guard count <= geometry.sectors, start <= geometry.sectors &- count else { return piece.fail(.EIO) }
    backend.submit(piece)
  }

  /// Why a region does not fit; nil if it does.
  @inline(__always)
  func refusal(_ operation: Operation, start: UInt64, count: UInt64) -> Errno? {
    if isClosed { return .ENODEV }
    let blockMask = UInt64(geometry.logicalBlock / Limits.sectorBytes) &- 1
    guard (start | count) & blockMask == 0 else { return .EINVAL }
    guard count <= geometry.sectors, start <= geometry.sectors &- count else { return .EIO }
    return operation.kind == .read ? nil : changeRefusal(operation.kind)
  }

  private func changeRefusal(_ kind: Operation.Kind) -> Errno? {
    guard geometry.isWritable else { return .EBADF }
    guard failedFlush == nil else { return .EIO }
    if kind == .discard, geometry.discardSectors == 0 { return .EOPNOTSUPP }
    if kind == .writeZeroes, geometry.writeZeroesSectors == 0 { return .EOPNOTSUPP }
    return nil
  }

  /// Why the device cannot be flushed; nil if it can.
  func flushRefusal() -> Errno? {
    if isClosed { return .ENODEV }
    return failedFlush == nil ? nil : .EIO
  }

  /// Notes a flush that failed. One that the device cannot do at all has lost nothing.
  func flushFailed(_ errno: Errno) {
    guard errno != .EOPNOTSUPP, errno != .EINVAL, errno != .ENOSYS else { return }
    leaveTables()
    // The first failure stays; a device that is being closed has no use for it.
    _ = trouble.compareExchange(expected: 0, desired: errno.rawValue & ~BlockDevice.closedBit, ordering: .releasing)
  }
}

/// The numbers of the devices that are open: small, so that they can be places in a table.
private enum DeviceNumbers {
  static func take() throws(BlockError) -> Int {
    assert(Limits.devices == Int(DMIO_NUMBERS))
    let number = Int(dmio_number_take())
    guard number >= 0 else { throw .system(.EMFILE, "opening more than \(Limits.devices) devices") }
    return number
  }

  static func put(_ number: Int) { dmio_number_put(Int32(number)) }
}
