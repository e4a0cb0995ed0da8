internal import DMIO
internal import DMIONames
internal import Glibc

/// The device that a bench works on, and which blocks of it.
struct BenchDevice: Sendable {
  let opened: OpenDevice
  let firstSector: UInt64
  /// How many blocks of the plan's size there are.
  let blocks: UInt64
  /// False for memory and the character devices, unless a fault plan stands before them.
  let canFail: Bool
  /// The same for files that are in memory, which can fail.
  let canHang: Bool

  /// Whether the main thread has to watch those that drive. With a device that hangs only
  /// another thread sees the end of the time, or a signal; several threads begin and end together. One thread that
  /// nothing holds up drives on the main thread: the kernel counts references to a file at each call of a process with
  /// more than one, which costs tens of nanoseconds.
  func needsWatcher(_ plan: BenchPlan) -> Bool { canHang || plan.threads > 1 || plan.isShared }

  /// Bytes that `/dev/null` and `/dev/zero`, which have no size, are taken to have.
  static let characterBytes: UInt64 = 1 << 30

  /// Opens the device for what the plan does; what a write would overwrite is checked as the target of a copy is.
  init(opening operand: RegionOperand, _ plan: BenchPlan, isAgreed: Bool) throws(Refusal) {
    let (opened, bytes) = try BenchDevice.open(operand, plan, isAgreed)
    self.opened = opened
    firstSector = operand.offset / UInt64(Limits.sectorBytes)
    blocks = try BenchDevice.blocks(in: bytes, opened, plan)
    let isFile = opened.report.map { $0.isBlockDevice || CharacterDevice(special: $0.special) == nil } ?? false
    let isWrapped = opened.device.wrapped != nil
    canFail = isFile || isWrapped
    canHang = isWrapped || isFile && opened.report?.isInMemory != true
  }

  private static func open(
    _ operand: RegionOperand, _ plan: BenchPlan, _ isAgreed: Bool
  ) throws(Refusal) -> (opened: OpenDevice, bytes: UInt64) {
    let stack = try DeviceStack(operand.device)
    if let character = CharacterDevice(stack) { return try open(character, stack, operand, plan) }
    if plan.operation == .read {
      let source = try SourceOperand(opening: operand)
      try DeviceLock.share(source.opened)
      return (source.opened, source.bytes)
    }
    let set = try TargetSet(opening: [operand], bytes: nil, keepsFiles: true)
    guard let target = set.operands.first else { preconditionFailure("one operand makes one target") }
    if target.place != nil {
      throw Refusal("\(stack.name): does not exist; make a file of some size first, for instance with truncate(1)")
    }
    try set.check(source: nil, asksForFiles: true) { _ in isAgreed }
    return (target.opened, target.bytes)
  }

  private static func open(
    _ character: CharacterDevice, _ stack: DeviceStack, _ operand: RegionOperand, _ plan: BenchPlan
  ) throws(Refusal) -> (opened: OpenDevice, bytes: UInt64) {
    guard character.operation == plan.operation else {
      throw Refusal("\(stack.name): is for --operation \(character.operation.rawValue); \(character.advice)")
    }
    var opening = DeviceOpening(stack: stack, mode: operand.direct, characterBytes: characterBytes)
    if plan.operation == .write { opening.access = .readWrite }
    let opened = try opening.open()
    let rest = characterBytes - min(operand.offset, characterBytes)
    guard operand.size ?? 0 <= rest, rest > 0 else {
      throw Refusal("\(stack.name): the region lies beyond its end (it is taken to have \(characterBytes) bytes)")
    }
    return (opened, operand.size ?? rest)
  }

  /// How many whole blocks fit into so many bytes; refuses none, and blocks that the device cannot take.
  static func blocks(in bytes: UInt64, _ opened: OpenDevice, _ plan: BenchPlan) throws(Refusal) -> UInt64 {
    let block = opened.device.geometry.logicalBlock
    guard plan.blockBytes % block == 0 else {
      throw Refusal(
        "--block-size \(plan.blockBytes): no multiple of the block of \(block) bytes of \(opened.name)"
          + (opened.isDirect ? "; with ,direct=off it need not be one" : ""), exit: .usage)
    }
    let blocks = bytes / UInt64(plan.blockBytes)
    guard blocks > 0 else {
      throw Refusal("\(opened.name): has \(bytes) bytes to offer, less than one block of \(plan.blockBytes) bytes")
    }
    return blocks
  }
}

/// One of the character devices that a bench takes for a disk.
private enum CharacterDevice {
  case null, zero

  /// Nil for everything else.
  init?(_ stack: DeviceStack) {
    guard case .path(let path) = stack.core, let status = try? FileStatus.of(path), status.kind == .character else {
      return nil
    }
    self.init(special: status.special)
  }

  /// By the number of the device that a special file stands for.
  init?(special: UInt64) {
    switch special {
    // Numbers of the kernel's memory devices: major 1, minors 3 and 5.
    case 0x103: self = .null
    case 0x105: self = .zero
    default: return nil
    }
  }

  /// What it is there for.
  var operation: BenchOperation { self == .null ? .write : .read }

  var advice: String {
    self == .null ? "it has nothing to read, /dev/zero has" : "/dev/null forgets what is written"
  }
}
