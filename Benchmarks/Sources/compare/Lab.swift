import Foundation

/// The folder on tmpfs that everything is measured in, and the devices that stand on it.
///
/// A run that is cut off leaves them behind. So the folder has a fixed name, its devices can be found by it, and the
/// next run takes them down before it starts.
final class Lab {
  /// Random bytes, as many as each device has.
  static let gib = 1 << 30
  /// What a run has at most at one time: a source, 4 targets, and room to move.
  static let leastFree = 6 * gib

  let folder: URL
  let child: Child
  private let lock: FileLock
  /// What stands, by the names that contestants use.
  private(set) var places: [String: String] = [:]
  /// Why something does not stand.
  private(set) var failures: [String: String] = [:]
  /// Whether memory that is set free stays with this machine, which a virtual one gives back to its host otherwise.
  private(set) var keepsMemory = false

  /// Takes the place for this run, alone.
  init(in parent: String) throws(Message) {
    folder = URL(fileURLWithPath: parent).appendingPathComponent("dm-io-benchmark")
    lock = try FileLock("\(folder.path).lock")
    child = Child(folder: folder)
    try Lab.clean(folder)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw Message("\(folder.path): \(error.localizedDescription)")
    }
    places["folder"] = folder.path
  }

  /// Throws unless the folder is memory, and enough of it for devices and copies. What is only counted needs neither.
  func demandMemory() throws(Message) {
    let parent = folder.deletingLastPathComponent().path
    let kind = String(decoding: try child.run(["stat", "--file-system", "--format=%T", folder.path]), as: UTF8.self)
    guard kind == "tmpfs\n" else { throw Message("\(parent) is no tmpfs: choose one with --folder") }
    let free = (try? folder.resourceValues(forKeys: [.volumeAvailableCapacityKey]))?.volumeAvailableCapacity ?? 0
    guard free >= Lab.leastFree else {
      throw Message(
        "\(parent) has \(free >> 30) GiB free, \(Lab.leastFree >> 30) are needed: choose another with --folder")
    }
  }

  /// Leaves memory that copies set free with this machine, where that can be asked for.
  func keepMemory() {
    keepsMemory = PageReporting.putOff(folder)
  }

  /// Names a program or a value.
  func set(_ name: String, _ value: String) {
    places[name] = value
  }

  /// Says why there is no such program.
  func lack(_ name: String, because reason: String) {
    failures[name] = reason
  }

  /// Makes what is missing of `names`. What cannot be made is in `failures` afterwards.
  func provide(_ names: Set<String>) throws(Message) {
    // The devices are filled from the file.
    let isFilled = !names.isDisjoint(with: ["file", "loop", "loop2", "zram"])
    for name in (isFilled ? ["file"] : []) + names.sorted() where places[name] == nil && failures[name] == nil {
      do throws(Message) {
        switch name {
        case "file": places[name] = try makeFile()
        case "loop", "loop2": places[name] = try LoopDevice.attach(try copyOfFile(name), child)
        case "zram": places[name] = try ZramDevice.make(folder, from: file(), child)
        default: throw Message("there is no such place")
        }
      } catch {
        try Interruption.check()
        failures[name] = error.description
      }
    }
  }

  /// Takes down the devices that are not among `needed`, so that memory is there for what comes.
  func release(except needed: Set<String>) throws(Message) {
    for name in ["loop", "loop2", "zram"] where !needed.contains(name) {
      guard let device = places.removeValue(forKey: name) else { continue }
      if name == "zram" {
        try ZramDevice.remove(folder)
      } else {
        try LoopDevice.detach(device, child)
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
    }
  }

  /// The state that every copy of `gib` starts from: no target file, memory at hand for new ones, and block devices
  /// without cached pages.
  func prepareCopy(_ command: [String], gib: Double) throws(Message) {
    let needed = command.contains { $0.contains("\(folder.path)/target") } ? Int(gib * Double(Lab.gib)) : 0
    // Less would not do: warming takes again what was just freed, before it takes anything else.
    if removeTargets() < needed { try warm(needed) }
    for name in ["loop", "loop2"] {
      guard let device = places[name], command.contains(where: { $0.contains(device) }) else { continue }
      try child.run(["blockdev", "--flushbufs", device])
    }
  }

  /// Removes what the last copy wrote, and returns how many bytes of memory that sets free.
  private func removeTargets() -> Int {
    (1...8).reduce(0) { freed, number in
      let target = folder.appendingPathComponent("target\(number)")
      let bytes = (try? target.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
      try? FileManager.default.removeItem(at: target)
      return freed + bytes
    }
  }

  /// Takes memory from a virtual machine's host and leaves it free: what first touches it pays several times what the
  /// copy itself costs. What a copy has just set free needs no warming, and is not warmed: freeing as much again makes
  /// the kernel give it back to the host while the next copy runs.
  private func warm(_ bytes: Int) throws(Message) {
    let file = folder.appendingPathComponent("memory")
    try child.run(["fallocate", "--length", "\(bytes)", file.path])
    try? FileManager.default.removeItem(at: file)
  }

  /// Takes down everything.
  func tearDown() throws(Message) {
    try Lab.clean(folder)
    lock.remove()
  }

  /// Takes down what this or an earlier run left in `folder`.
  private static func clean(_ folder: URL) throws(Message) {
    guard FileManager.default.fileExists(atPath: folder.path) else { return }
    try LoopDevice.detachAll(on: folder)
    try ZramDevice.remove(folder)
    try PageReporting.resume(folder)
    do { try FileManager.default.removeItem(at: folder) } catch {
      throw Message("\(folder.path) cannot be removed: \(error.localizedDescription)")
    }
  }

  private func file() throws(Message) -> String {
    guard let file = places["file"] else { throw Message(failures["file"] ?? "there is no file to fill it from") }
    return file
  }

  private func makeFile() throws(Message) -> String {
    let path = folder.appendingPathComponent("source").path
    try child.run(["dd", "if=/dev/urandom", "of=\(path)", "bs=1M", "count=\(Lab.gib >> 20)", "status=none"])
    return path
  }

  private func copyOfFile(_ name: String) throws(Message) -> String {
    let path = folder.appendingPathComponent(name).path
    try child.run(["cp", file(), path])
    return path
  }
}
