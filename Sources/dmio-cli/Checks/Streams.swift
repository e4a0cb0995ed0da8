internal import DMIO
internal import DMIONames
internal import Glibc
internal import Synchronization

/// Where a run writes beside its targets: standard output, standard error, and where progress goes.
enum Streams {
  private static let progress = Atomic<Int32>(-1)
  /// Descriptors to which nothing is written any more, as that would spoil a device.
  private static let silent = Locked<Set<Int32>>([])

  /// Notes the descriptor that progress goes to.
  static func note(progress descriptor: Int32) { progress.store(descriptor, ordering: .relaxed) }

  /// True if nothing is to be written to a descriptor.
  static func isSilent(_ descriptor: Int32) -> Bool { silent.withLock { $0.contains(descriptor) } }

  /// Refuses operands into which a receipt, a message or progress would be written; the refusal is not written there either.
  ///
  /// - Parameter readsInput: Standard input is the source.
  static func refuse(_ operands: [RegionOperand], readsInput: Bool = false) throws(Refusal) {
    var devices: [(name: String, base: Whereabouts.Base)] = []
    for operand in operands {
      let name = printable(operand.device.description)
      if let path = path(of: operand.device), let base = base((try? FileStatus.of(path)) ?? nil) {
        devices.append((name, base))
      }
    }
    if readsInput, let base = base(status(STDIN_FILENO)) { devices.append(("standard input", base)) }
    var refusal: Refusal?
    for (descriptor, name) in all {
      guard let base = base(status(descriptor)), let device = devices.first(where: { $0.base == base }) else {
        continue
      }
      silent.withLock { _ = $0.insert(descriptor) }
      refusal =
        refusal
        ?? Refusal(
          "\(device.name): is the file of \(name) (descriptor \(descriptor)) as well, and what is said there would be written "
            + "into it; send that to another file, or to a pipe")
    }
    if let refusal { throw refusal }
  }

  private static var all: [(descriptor: Int32, name: String)] {
    let progress = progress.load(ordering: .relaxed)
    let standard = [(STDOUT_FILENO, "standard output"), (STDERR_FILENO, "standard error")]
    return standard + (progress > STDERR_FILENO ? [(progress, "--progress-fd")] : [])
  }

  /// The path below all fault devices; nil for memory.
  private static func path(of device: DeviceName) -> [UInt8]? {
    switch device {
    case .path(let path): RawArgument.bytes(of: path)
    case .fault(_, let inner): path(of: inner)
    case .ram, .null: nil
    }
  }

  private static func status(_ descriptor: Int32) -> FileStatus? {
    var info = stat()
    return unsafe fstat(descriptor, &info) == 0 ? FileStatus(info) : nil
  }

  /// Where the bytes of a file or block device end up; nil for terminals, pipes and the like.
  private static func base(_ status: FileStatus?) -> Whereabouts.Base? {
    status.flatMap { DeviceLock.base(of: $0) }.map { Whereabouts.resolve($0).base }
  }
}
