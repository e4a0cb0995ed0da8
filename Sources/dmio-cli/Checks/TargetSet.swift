internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// The targets of a run: all are looked at before the first is changed.
struct TargetSet {
  let operands: [TargetOperand]
  /// The block devices that the run holds exclusively.
  private let claimed: Set<UInt64>

  /// - Parameters:
  ///   - bytes: How much goes to each; nil: as much as each region has.
  ///   - keepsFiles: Files that are named as a whole are not emptied.
  init(opening operands: [RegionOperand], bytes: UInt64?, keepsFiles: Bool) throws(Refusal) {
    var claimed: Set<UInt64> = []
    var opened: [TargetOperand] = []
    for operand in operands {
      opened.append(
        try TargetOperand(opening: operand, bytes: bytes, keepsFile: keepsFiles, claimed: &claimed, beside: opened))
    }
    self.operands = opened
    self.claimed = claimed
  }

  /// The last checks: who is who, whether each may be written and nobody else uses it, and whether somebody agrees.
  ///
  /// - Parameters:
  ///   - isAgreed: Whether somebody has agreed already that a target is overwritten.
  ///   - asksForFiles: Files that exist are asked for, too, not block devices alone.
  func check(
    source: SourceOperand?, asksForFiles: Bool = false, isAgreed: (_ target: Int) -> Bool
  ) throws(Refusal) {
    try Whereabouts.refuseOverlaps(source, operands)
    try refuseObstacles()
    try lock(source)
    let unasked = operands.indices.filter { !isAgreed($0) }.map { operands[$0] }
    try Confirmation.ask(unasked, asksForFiles: asksForFiles)
  }

  /// Refuses targets that could be opened for writing, and are not to be written all the same.
  private func refuseObstacles() throws(Refusal) {
    let uses = Uses()
    for target in operands where target.place == nil {
      guard case .path(let path) = target.stack.core, let file = target.opened.file, let status = try? file.status()
      else { continue }
      if status.kind == .block, let finding = BlockCheckup(path, special: status.special, file).readOnly {
        throw Refusal("\(target.stack.name): \(finding.reason)")
      }
      if let finding = uses.obstacle(to: status, path: path, own: claimed) {
        throw Refusal("\(target.stack.name): in use: \(finding.reason)")
      }
    }
  }

  /// Keeps other runs away from the targets, and from writing to the source. What is created is locked then.
  private func lock(_ source: SourceOperand?) throws(Refusal) {
    for target in operands where target.place == nil { try DeviceLock.own(target.opened) }
    if let source { try DeviceLock.share(source.opened) }
  }

  /// The first changes: files are created, then emptied. What was created is taken away again when that fails.
  ///
  /// - Parameters:
  ///   - keeps: Whether the file of a target stays as it is, for a copy that goes on.
  ///   - sparse: What happens to runs of zeros.
  ///   - isReadBack: Files are made as long as they will be, so that zeros that are left out can be read, too.
  ///   - beforeEmptying: What may still fail, with all that was there still being there.
  func commit(
    keeping keeps: (Int) -> Bool = { _ in false }, _ sparse: SparseOptions? = nil, isReadBack: Bool = false,
    beforeEmptying: ([Target]) throws(Refusal) -> Void = { _ in }
  ) throws(Refusal) -> [Target] {
    var targets: [Target] = []
    do throws(Refusal) {
      for operand in operands { try operand.create() }
      for (index, operand) in operands.enumerated() {
        let zeros = operand.zeros(sparse, isKept: keeps(index))
        targets.append(operand.target(zeros: zeros, fileEnd: fileEnd(of: operand)))
      }
      try beforeEmptying(targets)
    } catch {
      for operand in operands { operand.place?.remove() }
      throw error
    }
    for (index, operand) in operands.enumerated() {
      if !keeps(index) { operand.empty(targets[index]) }
      if isReadBack, targets[index].copy.zeros == .there { operand.stretch(targets[index]) }
    }
    return targets
  }

  /// Where the file of a target ends when all of its regions that are targets are written.
  private func fileEnd(of operand: TargetOperand) -> UInt64 {
    let others = operands.filter { $0.opened.device.isFile(of: operand.opened.device) }
    return others.reduce(operand.end) { max($0, $1.end) }
  }
}
