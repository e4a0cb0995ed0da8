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
  /// - Parameter asksForFiles: Files that exist are asked for, too, not block devices alone.
  func check(source: SourceOperand?, isAgreed: Bool, asksForFiles: Bool = false) throws(Refusal) {
    try Whereabouts.refuseOverlaps(source, operands)
    try refuseObstacles()
    try lock(source)
    if !isAgreed { try Confirmation.ask(operands, asksForFiles: asksForFiles) }
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

  /// The first changes: files are created and emptied. What was created is taken away again when that fails.
  ///
  /// - Parameters:
  ///   - keeps: Whether the file of a target stays as it is, for a copy that goes on.
  ///   - sparse: What happens to runs of zeros.
  ///   - isReadBack: Files are made as long as they will be, so that zeros that are left out can be read, too.
  func commit(
    keeping keeps: (Int) -> Bool = { _ in false }, _ sparse: SparseOptions? = nil, isReadBack: Bool = false
  ) throws(Refusal) -> [Target] {
    do throws(Refusal) {
      for operand in operands { try operand.create() }
    } catch {
      for operand in operands { operand.place?.remove() }
      throw error
    }
    return operands.enumerated().map { index, operand in
      let target = operand.target(zeros: operand.zeros(sparse, isKept: keeps(index)), fileEnd: fileEnd(of: operand))
      if !keeps(index) { operand.empty(target) }
      if isReadBack, target.copy.zeros == .there { operand.stretch(target) }
      return target
    }
  }

  /// Where the file of a target ends when all of its regions that are targets are written.
  private func fileEnd(of operand: TargetOperand) -> UInt64 {
    let others = operands.filter { $0.opened.device.isFile(of: operand.opened.device) }
    return others.reduce(operand.end) { max($0, $1.end) }
  }
}
