internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// What a run does with maps: decided, and checked, before anything is changed.
struct MapPlan {
  private let folder: MapFolder
  private let interval: Duration
  private let source: SourceOperand
  private let resuming: Resuming?

  /// Nil where no maps are wanted. Maps that are there are continued or refused, never overwritten.
  ///
  /// - Parameter isReadBack: All that is done is to be read back, also what an earlier run did.
  init?(
    _ options: MapOptions, _ source: SourceOperand, _ targets: [TargetOperand], isReadBack: Bool
  ) throws(Refusal) {
    guard let map = options.map else { return nil }
    folder = MapFolder(map)
    interval = options.mapInterval?.duration ?? MapOptions.interval
    self.source = source
    try folder.check()
    try MapPlan.refuseMapsAsDevices(folder, source, targets)
    if options.resume {
      let resuming = try Resuming(folder, source, targets)
      if isReadBack { try resuming.refuseUnverified() }
      self.resuming = resuming
    } else {
      resuming = nil
      for index in [nil] + targets.indices.map({ Optional($0) }) where try folder.read(index) != nil {
        throw Refusal(
          "\(folder.name(of: index)): is there already; --resume goes on with it, another folder begins anew")
      }
    }
  }

  /// For what goes on with maps that must be there.
  init(
    going map: String, interval: Duration, _ source: SourceOperand, _ targets: [TargetOperand], isReadBack: Bool
  ) throws(Refusal) {
    folder = MapFolder(map)
    self.interval = interval
    self.source = source
    try folder.check()
    let resuming = try Resuming(folder, source, targets)
    guard !resuming.isFresh else { throw Refusal("\(folder.name): has no maps of these devices") }
    if isReadBack { try resuming.refuseUnverified() }
    for (index, target) in targets.enumerated() where target.place == nil && !resuming.keeps(index) {
      // Memory never has one.
      guard DeviceIdentity(target.opened) != nil else { continue }
      throw Refusal(
        "\(target.stack.name): \(folder.name(of: index)) is missing, so that it may be any device; copy --resume begins it anew"
      )
    }
    self.resuming = resuming
  }

  /// Refuses an operand that is one of the maps, or would become one.
  private static func refuseMapsAsDevices(
    _ folder: MapFolder, _ source: SourceOperand, _ targets: [TargetOperand]
  ) throws(Refusal) {
    for opened in [source.opened] + targets.map(\.opened) {
      if let report = opened.report, folder.claims(report.identity) {
        throw Refusal("\(opened.name): is a map in \(folder.name); name another folder")
      }
    }
    for target in targets {
      if let place = target.place, folder.claims(place) {
        throw Refusal("\(target.stack.name): is the name of a map in \(folder.name); name another folder")
      }
    }
  }

  /// The maps belong to an earlier run, too.
  private var isGoingOn: Bool { resuming?.isFresh == false }

  /// True if a file that is going to be replaced is a map of the run, or would become one.
  func claims(_ file: ReplacedFile) -> Bool { folder.claims(file) }

  /// A part of the source is not going to be read: every target has it.
  var leavesOut: Bool { resuming?.leavesOut == true }

  /// True when the file of a target is to stay as it is.
  func keeps(_ target: Int) -> Bool { resuming?.keeps(target) == true }

  /// What is known to be done.
  func apply(_ source: CopySource, _ targets: [CopyTarget]) { resuming?.apply(source, targets) }

  /// Notes what the maps know, and writes the first ones.
  ///
  /// - Parameter adjust: Changes what is known before that.
  func begin(
    _ run: Run, _ from: Source, _ to: [Target], _ targets: [TargetOperand],
    adjust: (CopySource, [CopyTarget]) throws(Refusal) -> Void = { _, _ in }
  ) throws(Refusal) {
    apply(from.copy, to.map(\.copy))
    try adjust(from.copy, to.map(\.copy))
    // One that is gone goes on to be known by what its map says.
    let identity =
      if let map = source.absent { map.note("identity").map(DeviceIdentity.init(noted:)) } else {
        DeviceIdentity.of(source.opened)
      }
    let identities = (identity, targets.map { DeviceIdentity.of($0.opened) })
    let maps = Maps(folder, from, to, identities: identities, interval: interval)
    // A run that does not read back leaves it at that where it has nothing to write.
    maps.isVerified = to.indices.map { index in
      guard resuming?.isVerified(index) ?? true else { return false }
      return run.policy.verification == .readback
        || keeps(index) && !to[index].copy.map.runs.contains { $0.status.isOpen }
    }
    try maps.begin(isNew: !isGoingOn)
    run.maps = maps
    run.policy.flushes.dropped = true
  }
}
