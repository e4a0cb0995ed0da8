internal import DMIO
internal import DMIOCopy

/// What a run makes beside the copy: a hash, a manifest, a picture. Their places are looked at before anything is changed.
struct Extras {
  private let hash: HashOptions
  private let manifest: Manifest?
  private let picture: ReplacedFile?

  init(
    _ hash: HashOptions, _ plot: String?, _ source: SourceOperand, _ targets: [TargetOperand], _ maps: MapPlan? = nil
  ) throws(Refusal) {
    self.hash = hash
    if hash.manifest != nil, maps?.leavesOut == true {
      throw Refusal(
        "--manifest: a part of the source is done and is not read again, so there would be no hash of all; leave it out, and use dmio verify --manifest after the copy"
      )
    }
    let sums = try Extras.file(hash.manifest, "--manifest", source, targets, maps)
    if let sums { manifest = try Manifest(sums, of: source) } else { manifest = nil }
    picture = try Extras.file(plot, "--plot", source, targets, maps)
    if let manifest, let picture, picture.isFile(manifest.file) {
      throw Refusal("--plot: is the manifest; name another file")
    }
  }

  private static func file(
    _ name: String?, _ option: String, _ source: SourceOperand, _ targets: [TargetOperand], _ maps: MapPlan?
  ) throws(Refusal) -> ReplacedFile? {
    guard let name else { return nil }
    let file = try ReplacedFile(at: name)
    if maps?.claims(file) == true { throw Refusal("\(option): is a map of this run; name another file") }
    for opened in [source.opened] + targets.map(\.opened) {
      if let report = opened.report, file.isFile(report.identity) {
        throw Refusal("\(option): is \(opened.name), which is copied; name another file")
      }
    }
    for target in targets {
      if let place = target.place, file.isFile(place) {
        throw Refusal("\(option): is \(target.stack.name), which is going to be a target; name another file")
      }
    }
    return file
  }

  /// Tells a run what to make.
  func equip(_ run: Run) throws(Refusal) {
    if hash.isWanted { run.hashing = try Hashing { [client = run.client] in client.wake() } }
    run.manifest = manifest
    run.picture = picture.map { Picture($0) }
  }
}
