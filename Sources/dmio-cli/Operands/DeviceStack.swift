internal import DMIO
internal import DMIONames

/// What a device name stands for, with its fault plans read: nothing of it is open yet.
struct DeviceStack {
  enum Core {
    case path([UInt8])
    case ram(UInt64)
    case null(UInt64)
  }

  /// The operand's device as it is printed: safe on a terminal.
  let name: String
  let core: Core
  /// The fault plans, the innermost first.
  let plans: [FaultPlan]

  init(_ device: DeviceName) throws(Refusal) {
    name = printable(device.description)
    var plans: [FaultPlan] = []
    var rest = device
    while case .fault(let path, let inner) = rest {
      plans.insert(try DeviceStack.plan(RawArgument.bytes(of: path), name: printable(path)), at: 0)
      rest = inner
    }
    self.plans = plans
    switch rest {
    case .path(let path): core = .path(RawArgument.bytes(of: path))
    case .ram(let bytes): core = .ram(bytes)
    case .null(let bytes): core = .null(bytes)
    case .fault: preconditionFailure("the loop above ends at a device that is not a fault device")
    }
  }

  /// The path of a file or block device that nothing stands around; nil for all else.
  var plainPath: [UInt8]? { if case .path(let path) = core, plans.isEmpty { path } else { nil } }

  /// Puts the fault devices around the innermost device.
  func wrap(_ device: BlockDevice) throws(Refusal) -> BlockDevice {
    do throws(BlockError) {
      var device = device
      for plan in plans { device = try BlockDevice.fault(device, plan) }
      return device
    } catch {
      throw Refusal("\(name): \(error)")
    }
  }

  private static func plan(_ path: [UInt8], name: String) throws(Refusal) -> FaultPlan {
    var bytes: [UInt8] = []
    do throws(Errno) { bytes = try FaultPlanFile.bytes(of: path) } catch {
      throw Refusal("\(name): fault plan: \(error.message)")
    }
    do throws(NameError) { return try FaultPlan(json: bytes) } catch { throw Refusal("\(name): \(error.message)") }
  }
}
