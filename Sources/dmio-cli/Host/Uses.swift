internal import DMIO
internal import DMIONames

/// Looks for those who use a device; who has to go first comes first.
struct Uses {
  /// Devices stand on devices; deeper than this nobody stacks them.
  private static let depth = 8

  private let mounts = Mount.all()
  private let swaps: [FileStatus] = KernelText.lines("/proc/swaps").dropFirst().compactMap { line in
    KernelText.words(line).first.flatMap { (try? FileStatus.of($0)) ?? nil }
  }
  private let loops: [(path: [UInt8], numbers: BlockNumbers, base: Whereabouts.Base)] =
    KernelText.names(in: "/sys/block").compactMap { name in
      guard name.starts(with: "loop".utf8),
        let line = KernelText.line("/sys/block/\(String(decoding: name, as: UTF8.self))/dev"),
        let number = DeviceNumber(line.utf8), let backing = BlockNumbers(number).backing
      else { return nil }
      return (Array("/dev/".utf8) + name, BlockNumbers(number), backing.base)
    }

  /// Who uses the file or block device of that status.
  func of(_ status: FileStatus, path: [UInt8]) -> [Use] {
    guard status.kind == .block else { return throughLoops(status, path: path) }
    let numbers = BlockNumbers(status.special)
    var uses = partitions(of: numbers, depth: 0)
    uses += of(numbers, path, "it", depth: 0)
    if let disk = numbers.disk.map({ BlockNumbers($0.special) }), let path = disk.path {
      uses += of(disk, path, "its disk \(printable(path))", depth: 0)
    }
    return uses
  }

  /// Who uses it through a loop device over it, or uses the file as swap space: that is not seen by opening it exclusively.
  private func throughLoops(_ status: FileStatus, path: [UInt8]) -> [Use] {
    if status.kind == .block { return ofLoops(over: .block(status.special), path, "it", depth: 0) }
    let base = Whereabouts.Base.file(device: status.device, inode: status.inode)
    let swap = swaps.contains { $0.kind == .regular && $0.device == status.device && $0.inode == status.inode }
    return ofLoops(over: base, path, "it", depth: 0) + (swap ? [Use(subject: "it", path: path, how: .swap)] : [])
  }

  /// What is in the way of writing to it though it could be opened. A loop device over it that nobody uses is not.
  ///
  /// - Parameter own: Block devices that this run holds itself.
  func obstacle(to status: FileStatus, path: [UInt8], own: Set<UInt64>) -> Finding? {
    let uses = throughLoops(status, path: path)
    var over: [[UInt8]] = []
    for use in uses {
      guard case .loop(let loop) = use.how else { return Finding(use) }
      over.append(loop)
    }
    // Whose partition is held is held as well.
    let held = own.union(own.compactMap { BlockNumbers($0).disk?.special })
    for loop in loops where over.contains(loop.path) && !held.contains(loop.numbers.device.special) {
      guard let finding = BlockCheckup(loop.path, special: loop.numbers.device.special).heldByOthers else { continue }
      let message = "\(printable(loop.path)) is a loop device over it, and \(finding.message)"
      return Finding(kind: .held, message: message, fix: finding.fix)
    }
    return nil
  }

  private func of(_ numbers: BlockNumbers, _ path: [UInt8], _ subject: String, depth: Int) -> [Use] {
    guard depth < Uses.depth else { return [] }
    var uses = ofLoops(over: .block(numbers.device.special), path, subject, depth: depth)
    uses += holders(of: numbers, path, subject, depth: depth)
    var points: Set<[UInt8]> = []
    // What was mounted last goes first.
    for mount in mounts.reversed() where mount.isOn(numbers.device) && points.insert(mount.point).inserted {
      uses.append(Use(subject: subject, path: path, how: .mounted(at: mount.point)))
    }
    if swaps.contains(where: { $0.kind == .block && DeviceNumber($0.special) == numbers.device }) {
      uses.append(Use(subject: subject, path: path, how: .swap))
    }
    return uses
  }

  private func partitions(of numbers: BlockNumbers, depth: Int) -> [Use] {
    KernelText.names(in: numbers.folder).flatMap { name -> [Use] in
      let folder = String(decoding: name, as: UTF8.self)
      guard numbers.line("\(folder)/partition") != nil,
        let part = numbers.line("\(folder)/dev").flatMap({ DeviceNumber($0) }).map({ BlockNumbers($0) }),
        let path = part.path
      else { return [] }
      return of(part, path, "its partition \(printable(path))", depth: depth)
    }
  }

  private func ofLoops(over base: Whereabouts.Base, _ path: [UInt8], _ subject: String, depth: Int) -> [Use] {
    loops.filter { $0.base == base }.flatMap { loop in
      partitions(of: loop.numbers, depth: depth + 1)
        + of(loop.numbers, loop.path, printable(loop.path), depth: depth + 1)
        + [Use(subject: subject, path: path, how: .loop(path: loop.path))]
    }
  }

  private func holders(of numbers: BlockNumbers, _ path: [UInt8], _ subject: String, depth: Int) -> [Use] {
    KernelText.names(in: numbers.folder + "holders").flatMap { name -> [Use] in
      let folder = numbers.folder + "holders/\(String(decoding: name, as: UTF8.self))/"
      let holder = Array("/dev/".utf8) + name
      let above = KernelText.line(folder + "dev").flatMap { DeviceNumber($0.utf8) }.map { BlockNumbers($0) }
      let mapped = KernelText.lines(folder + "dm/name", atMost: 8192).first
      let how: Use.How =
        if let mapped {
          .mapped(path: holder, name: mapped, uuid: KernelText.line(folder + "dm/uuid") ?? "")
        } else {
          .held(path: holder)
        }
      return (above.map { of($0, holder, printable(holder), depth: depth + 1) } ?? [])
        + [Use(subject: subject, path: path, how: how)]
    }
  }
}
