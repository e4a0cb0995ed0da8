public import CDMIO
internal import DMIO
internal import DMIONames
internal import Glibc

/// Opens a path or URI. The header has the contract, as for every function here.
@c @implementation
public func dm_io_device_open(
  _ name: UnsafePointer<CChar>!, _ flags: UInt32, _ bdev: UnsafeMutablePointer<OpaquePointer?>!
) -> Int32 {
  Cancellation.held { unsafe openDevice(name, flags, bdev) }
}

private func openDevice(
  _ name: UnsafePointer<CChar>?, _ flags: UInt32, _ bdev: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  FirstUse.make()
  let known = UInt32(DM_IO_RDWR | DM_IO_BUFFERED | DM_IO_CHARACTER)
  guard let name = unsafe name, let bdev = unsafe bdev, unsafe isAligned(bdev), flags & ~known == 0 else {
    return refusal(.EINVAL)
  }
  let access: FileOptions.Access = flags & UInt32(DM_IO_RDWR) != 0 ? .readWrite : .readOnly
  let opening = Opening(
    access: access, isBuffered: flags & UInt32(DM_IO_BUFFERED) != 0,
    characterBytes: flags & UInt32(DM_IO_CHARACTER) != 0 ? 1 << 30 : nil)
  do throws(Errno) {
    let bytes = unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name))).map { UInt8(bitPattern: $0) }
    unsafe bdev.pointee = Handle.give(try opening.open(RawArgument.text(of: bytes)))
    return 0
  } catch {
    return refusal(error)
  }
}

/// Closes a device; the caller uses the handle no more.
@c @implementation
public func dm_io_device_close(_ bdev: OpaquePointer!) {
  guard let bdev = unsafe bdev, unsafe Handle.with(bdev, BlockDevice.self, { $0.forks == Forks.count }) else { return }
  Cancellation.held { unsafe Handle.take(bdev, BlockDevice.self).retire() }
}

/// The size of a device.
@c @implementation
public func dm_io_device_sectors(_ bdev: OpaquePointer!) -> sector_t {
  guard let bdev = unsafe bdev else { return 0 }
  return unsafe Handle.with(bdev, BlockDevice.self) { $0.geometry.sectors }
}

/// How devices are opened for C: as the tool does, past the page cache where that can be had.
private struct Opening {
  let access: FileOptions.Access
  let isBuffered: Bool
  let characterBytes: UInt64?

  func open(_ name: String) throws(Errno) -> BlockDevice {
    var (rest, plans): (DeviceName, [FaultPlan]) = (try parse(name), [])
    while case .fault(let path, let inner) = rest {
      plans.insert(try plan(path), at: 0)
      rest = inner
    }
    do throws(BlockError) {
      var device = try innermost(rest)
      for plan in plans { device = try BlockDevice.fault(device, plan) }
      return device
    } catch {
      throw error.errno
    }
  }

  private func parse(_ name: String) throws(Errno) -> DeviceName {
    do throws(NameError) { return try DeviceName(parsing: name) } catch { throw .EINVAL }
  }

  private func plan(_ path: String) throws(Errno) -> FaultPlan {
    let bytes = try FaultPlanFile.bytes(of: RawArgument.bytes(of: path))
    do throws(NameError) { return try FaultPlan(json: bytes) } catch { throw .EINVAL }
  }

  private func innermost(_ name: DeviceName) throws(BlockError) -> BlockDevice {
    switch name {
    case .path(let path): return try file(RawArgument.bytes(of: path), name: path)
    case .ram(let bytes): return try BlockDevice.ram(bytes: bytes, access: access)
    case .null(let bytes): return try BlockDevice.null(bytes: bytes, access: access)
    case .fault: preconditionFailure("fault devices were taken off")
    }
  }

  private func file(_ path: [UInt8], name: String) throws(BlockError) -> BlockDevice {
    var options = FileOptions(access: access, isDirect: !isBuffered, characterBytes: characterBytes)
    guard options.isDirect else { return try BlockDevice.open(bytes: path, name: name, options) }
    do throws(BlockError) { return try BlockDevice.open(bytes: path, name: name, options) } catch {
      // A file system that has no such thing.
      guard error.errno == .EINVAL || error.errno == .EOPNOTSUPP else { throw error }
      options.isDirect = false
      return try BlockDevice.open(bytes: path, name: name, options)
    }
  }
}
