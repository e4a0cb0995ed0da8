internal import DMIO
internal import DMIONames
internal import Glibc

/// What sysfs and the kernel say about a block device, also about one that cannot be opened.
struct BlockCheckup {
  private let path: [UInt8]
  private let numbers: BlockNumbers
  private let isReadOnly: Bool?

  /// - Parameters:
  ///   - special: The number of the device.
  ///   - file: The device, where it is open.
  init(_ path: [UInt8], special: UInt64, _ file: Descriptor? = nil) {
    self.path = path
    numbers = BlockNumbers(special)
    isReadOnly = numbers.isReadOnly(file)
  }

  /// What an opened device tells by itself.
  var size: [Fact] {
    let bytes = numbers.number("size").map { $0 * 512 }
    return [
      Fact("kind", "block device", ("kind", .string("block device"))),
      Fact("size", self.bytes(bytes), ("bytes", .number(orNull: bytes))),
    ]
  }

  var facts: [Fact] {
    let logical = numbers.queue("logical_block_size")
    let physical = numbers.queue("physical_block_size")
    var facts = [
      Fact(
        "model", numbers.model ?? "unknown", ("model", .string(orNull: numbers.model))),
      Fact("serial", numbers.serial ?? "unknown", ("serial", .string(orNull: numbers.serial))),
      Fact(
        "sector", "\(bytes(logical)) logical, \(bytes(physical)) physical",
        ("logical_sector", .number(orNull: logical)),
        ("physical_sector", .number(orNull: physical))),
      Fact("write cache", writeCache ?? "unknown", ("write_cache", .string(orNull: writeCache))),
      flag("fua", numbers.queue("fua")), flag("rotational", numbers.queue("rotational")),
      flag("read-only", isReadOnly.map { $0 ? 1 : 0 }),
    ]
    if let file = loopFile {
      facts.append(
        Fact(
          "loop", "over \(file), \(isLoopDirect ? "past" : "through") the page cache", ("loop_file", .string(file)),
          ("loop_direct", .bool(isLoopDirect))))
    }
    return facts
  }

  var findings: [Finding] {
    var findings: [Finding] = []
    if let readOnly { findings.append(readOnly) }
    if loopFile != nil, !isLoopDirect {
      findings.append(
        Finding(
          kind: .loopBuffered, message: "the loop device puts its file into the page cache once more",
          fix: "losetup --direct-io=on \(word)"))
    }
    return findings
  }

  /// Whether somebody holds the device whom nothing else names.
  var heldByOthers: Finding? {
    do throws(Errno) {
      _ = try Descriptor.open(path, O_RDONLY | O_EXCL | O_NONBLOCK)
      return nil
    } catch {
      guard error == .EBUSY else { return nil }
      return Finding(
        kind: .held, message: "a program holds it (O_EXCL), or it is mounted where this process cannot see it",
        fix: "fuser -v \(word)")
    }
  }

  private var word: String { ShellWord.quoted(path) }

  /// Where what is read-only is so: in the loop device, the disk, or the device itself. Nil for what can be written.
  var readOnly: Finding? {
    guard isReadOnly == true else { return nil }
    if let loop = numbers.loopStatus, loop.isReadOnly, let file = numbers.line("loop/backing_file") {
      return Finding(
        kind: .readOnly, message: "the loop device was set up to be read-only",
        fix: "losetup -d \(word) && losetup\(loopOptions) \(word) \(ShellWord.quoted(file))")
    }
    if let disk = numbers.disk.map({ BlockNumbers($0.special) }), disk.number("ro") == 1, let path = disk.path {
      return Finding(
        kind: .readOnly, message: "its disk is read-only", fix: "blockdev --setrw \(ShellWord.quoted(path))")
    }
    return Finding(kind: .readOnly, message: "it is read-only", fix: "blockdev --setrw \(word)")
  }

  /// What a loop device was set up with, as losetup takes it.
  private var loopOptions: String {
    [("-o", "loop/offset", UInt64(0)), ("--sizelimit", "loop/sizelimit", 0), ("-b", "queue/logical_block_size", 512)]
      .map { option, file, usual in numbers.number(file).map { $0 == usual ? "" : " \(option) \($0)" } ?? "" }.joined()
  }

  private var writeCache: String? { numbers.queueText("write_cache") }

  private var loopFile: String? { numbers.line("loop/backing_file").map { printable($0) } }

  private var isLoopDirect: Bool { numbers.number("loop/dio") == 1 }

  private func bytes(_ number: UInt64?) -> String { number.map { "\($0) bytes" } ?? "unknown" }

  private func flag(_ label: String, _ number: UInt64?) -> Fact {
    let key = label == "read-only" ? "read_only" : label
    return Fact(
      label, number.map { $0 == 0 ? "no" : "yes" } ?? "unknown", (key, number.map { .bool($0 != 0) } ?? .null))
  }
}
