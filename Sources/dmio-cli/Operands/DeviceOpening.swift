internal import DMIO
internal import DMIONames
internal import Glibc

/// How an operand is opened: for what, and which way.
struct DeviceOpening {
  let stack: DeviceStack
  let mode: DirectMode
  var access = FileOptions.Access.readOnly
  /// Opens with O_EXCL, for a block device that is going to be written.
  var isExclusive = false
  /// Bytes that a character device is taken to have; nil refuses them.
  var characterBytes: UInt64?
  /// Opens a file in the place of what the name says, with the given flags.
  var stand: ((_ flags: Int32) throws(Errno) -> Descriptor)?

  /// What came of opening a file one way.
  private enum Attempt {
    case opened(OpenDevice)
    case failed(Errno)
  }

  /// Opens the device: past the page cache where `mode` wants it and everything allows it.
  ///
  /// - Parameter fits: Says what is wrong with the device for what is wanted of it, if anything is.
  func open(_ fits: (OpenDevice) -> Misfit? = { _ in nil }) throws(Refusal) -> OpenDevice {
    switch stack.core {
    case .path(let path): return try openFile(path, fits)
    case .ram(let bytes): return try openOther(fits) { () throws(BlockError) in try BlockDevice.ram(bytes: bytes) }
    case .null(let bytes): return try openOther(fits) { () throws(BlockError) in try BlockDevice.null(bytes: bytes) }
    }
  }

  private func openOther(
    _ fits: (OpenDevice) -> Misfit?, _ make: () throws(BlockError) -> BlockDevice
  ) throws(Refusal) -> OpenDevice {
    if mode == .on { throw refusal("direct=on: there is no page cache to go past") }
    let device: BlockDevice
    do throws(BlockError) { device = try make() } catch { throw refusal("\(error)") }
    let opened = OpenDevice(
      name: stack.name, device: try stack.wrap(device), file: nil, isDirect: false, directReason: "no file is involved")
    if let misfit = fits(opened) { throw refusal(misfit.message) }
    return opened
  }

  private func openFile(_ path: [UInt8], _ fits: (OpenDevice) -> Misfit?) throws(Refusal) -> OpenDevice {
    if stand == nil { try refuseWhatIsNoDevice(path) }
    var reason = "direct=off was asked for"
    if mode != .off {
      switch try attempt(path, isDirect: true, mode == .on ? "direct=on was asked for" : "the device allows it") {
      case .opened(let opened):
        guard let misfit = fits(opened) else { return opened }
        guard mode == .auto, case .alignment(let text) = misfit else { throw refusal(misfit.message) }
        reason = text
      case .failed(let errno):
        guard errno == .EINVAL || errno == .EOPNOTSUPP else { throw refusal(errno) }
        reason = "O_DIRECT cannot be had here (\(errno.name))"
        if mode == .on { throw refusal("direct=on: \(reason)") }
      }
    }
    switch try attempt(path, isDirect: false, reason) {
    case .opened(let opened):
      if let misfit = fits(opened) { throw refusal(misfit.message) }
      return opened
    case .failed(let errno): throw refusal(errno)
    }
  }

  private func attempt(_ path: [UInt8], isDirect: Bool, _ reason: String) throws(Refusal) -> Attempt {
    let device: BlockDevice
    let file: Descriptor
    do throws(Errno) {
      let flags =
        (access == .readWrite ? O_RDWR : O_RDONLY) | (isDirect ? OpenFlags.direct : 0) | (isExclusive ? O_EXCL : 0)
      if let stand { file = try stand(flags) } else { file = try Descriptor.open(path, flags | O_NONBLOCK) }
      device = try adopt(file)
    } catch {
      return .failed(error)
    }
    return .opened(
      OpenDevice(
        name: stack.name, device: try stack.wrap(device), file: file, isDirect: isDirect, directReason: reason))
  }

  /// A block device is what it is; a file is read to its last byte, and written beyond it.
  private func adopt(_ file: Descriptor) throws(Errno) -> BlockDevice {
    let isFile = try file.status().kind == .regular
    let options = FileOptions(access: access, size: isFile ? .growing : .fixed, characterBytes: characterBytes)
    let number = try file.duplicate()
    do throws(BlockError) {
      return try BlockDevice.adopt(fileDescriptor: number, name: stack.name, options)
    } catch {
      throw error.errno
    }
  }

  /// Looks before anything is opened: opening a tape rewinds it, opening a FIFO waits.
  private func refuseWhatIsNoDevice(_ path: [UInt8]) throws(Refusal) {
    let status: FileStatus?
    do throws(Errno) { status = try FileStatus.of(path) } catch { throw refusal(error) }
    guard let status else { throw refusal(.ENOENT) }
    switch status.kind {
    case .regular where status.isOfTheKernel: throw refusal("a file of the kernel, whose bytes stand nowhere")
    case .regular, .block: return
    case .directory: throw refusal(.EISDIR)
    case .character where characterBytes != nil: return
    case .character, .other:
      throw refusal("neither a file nor a block device; null: reads as zeros and forgets what is written")
    }
  }

  private func refusal(_ text: String) -> Refusal { Refusal("\(stack.name): \(text)") }

  private func refusal(_ errno: Errno) -> Refusal {
    // Some drivers do not let a read-only device be opened for writing at all.
    if access == .readWrite, [.EROFS, .EACCES, .EPERM].contains(errno), case .path(let path) = stack.core,
      let status = (try? FileStatus.of(path)) ?? nil, status.kind == .block,
      let finding = BlockCheckup(path, special: status.special).readOnly
    {
      return refusal(finding.reason)
    }
    let isBusy = errno == .EBUSY && isExclusive
    if isBusy, case .path(let path) = stack.core, DeviceLock.isTaken(path) { return refusal(DeviceLock.reason) }
    return refusal(
      isBusy
        ? "in use: mounted, or held by another program (\(errno.message))" : "\(errno.message)")
  }
}
