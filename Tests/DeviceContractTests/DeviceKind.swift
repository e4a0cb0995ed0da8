import DMIO
import Glibc
import HostParts

/// Every kind of device that has to pass the contract.
enum DeviceKind: String, CaseIterable, Sendable {
  case ram, ramOf4096, null, bufferedFile, directFile, loop, loopOf4096
  case faultOverRAM, faultOverNull, faultOverFile, faultOverLoop
  case nestedOverRAM, nestedOverFile

  static let bytes = 4 << 20
  /// All that can be had here: loop devices need root.
  static let available = allCases.filter { Host.isRoot || !$0.needsRoot }
  /// Those that cannot be stacked further are left out.
  static let wrappable = available.filter { $0 != .nestedOverRAM && $0 != .nestedOverFile }

  var needsRoot: Bool { self == .loop || self == .loopOf4096 || self == .faultOverLoop }
  /// False where what is written is forgotten.
  var keepsData: Bool { self != .null && self != .faultOverNull }
}

/// A device under test, and what has to be taken down after it.
final class MadeDevice {
  let device: BlockDevice
  private let loop: LoopDevice?

  init(_ kind: DeviceKind) throws {
    var loop: LoopDevice?
    device = try MadeDevice.make(kind, &loop)
    self.loop = loop
  }

  /// The loop device goes when nobody has it open any more.
  deinit { device.close() }

  private static func make(_ kind: DeviceKind, _ loop: inout LoopDevice?) throws -> BlockDevice {
    switch kind {
    case .ram: try .ram(bytes: UInt64(DeviceKind.bytes))
    case .ramOf4096: try .ram(bytes: UInt64(DeviceKind.bytes), logicalBlock: 4096)
    case .null: try .null(bytes: UInt64(DeviceKind.bytes))
    case .bufferedFile: try file(isDirect: false)
    case .directFile: try file(isDirect: true)
    case .loop: try onLoop(512, &loop)
    case .loopOf4096: try onLoop(4096, &loop)
    case .faultOverRAM: try .fault(make(.ram, &loop), FaultPlan())
    case .faultOverNull: try .fault(make(.null, &loop), FaultPlan())
    case .faultOverFile: try .fault(make(.directFile, &loop), FaultPlan())
    case .faultOverLoop: try .fault(make(.loop, &loop), FaultPlan())
    case .nestedOverRAM: try nested(make(.ram, &loop))
    case .nestedOverFile: try nested(make(.directFile, &loop))
    }
  }

  private static func nested(_ inner: BlockDevice) throws -> BlockDevice {
    try (0..<Limits.faultDepth).reduce(inner) { device, _ in try .fault(device, FaultPlan()) }
  }

  private static func file(isDirect: Bool) throws -> BlockDevice {
    let path = try Host.newFile("contract", bytes: DeviceKind.bytes)
    defer { unlink(path) }
    return try .open(path, FileOptions(isDirect: isDirect))
  }

  private static func onLoop(_ sector: Int, _ loop: inout LoopDevice?) throws -> BlockDevice {
    let made = try LoopDevice(bytes: DeviceKind.bytes, sector: sector)
    loop = made
    return try .open(made.path, FileOptions(isDirect: true, isExclusive: true))
  }
}

extension EngineChoice {
  static let both: [EngineChoice] = [.uring, .threads]
}
