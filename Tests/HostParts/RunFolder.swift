import Foundation
import Glibc

/// One folder for each run of the tests, held by a lock; one that nobody holds was left by a run that was cut off.
enum RunFolder {
  private static let parent = "/var/tmp/dmio-tests-\(geteuid())"
  nonisolated(unsafe) private static var own = ""

  static func make() -> String {
    mkdir(parent, 0o700)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] { sweep("\(parent)/\(name)") }
    own = "\(parent)/\(getpid())-\(UInt32.random(in: 0 ... .max))"
    mkdir(own, 0o700)
    _ = lock(own)
    atexit { RunFolder.clean(RunFolder.own) }
    return own
  }

  /// Takes the folder's lock for as long as this process lives; false if another one has it.
  private static func lock(_ folder: String) -> Bool {
    let descriptor = open("\(folder)/.lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    close(descriptor)
    return false
  }

  private static func sweep(_ folder: String) {
    // A folder that has just been made may not have its lock yet.
    var status = stat()
    guard stat("\(folder)/.lock", &status) == 0, lock(folder) else { return }
    clean(folder)
  }

  private static func clean(_ folder: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix("bad-") {
      Host.run("\(Host.checkout)/Scripts/bad-device/bad-device.sh", "stop", "\(folder)/\(name)")
    }
    // The mount that was made last goes first.
    for line in lines("/proc/self/mounts").reversed() {
      let words = line.split(separator: " ")
      if words.count > 1, words[1].hasPrefix(folder + "/") { umount2(String(words[1]), Int32(MNT_DETACH)) }
    }
    for loop in LoopDevice.all(on: folder + "/") { Host.run("losetup", "-d", loop) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  static func lines(_ path: String) -> [Substring] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map { $0[...] }
  }
}
