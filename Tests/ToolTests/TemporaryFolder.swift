import Foundation
import HostParts
import Testing

/// A folder of one test, gone with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "dmio-tool-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func url(_ name: String) -> URL { URL(fileURLWithPath: path + "/" + name) }

  @discardableResult
  func make(_ name: String, _ bytes: [UInt8]) throws -> [UInt8] {
    try Data(bytes).write(to: url(name))
    return bytes
  }

  func make(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: url(name)) }

  func append(_ name: String, _ bytes: [UInt8]) throws {
    let file = try FileHandle(forWritingTo: url(name))
    try file.seekToEnd()
    try file.write(contentsOf: Data(bytes))
    try file.close()
  }

  func bytes(_ name: String) throws -> [UInt8] { try contents(of: url(name).path) }

  func size(_ name: String) -> UInt64 {
    (try? FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? UInt64) ?? 0
  }

  func exists(_ name: String) -> Bool { (try? FileManager.default.attributesOfItem(atPath: path + "/" + name)) != nil }

  /// Names and contents of everything there.
  func snapshot() throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      let attributes = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
      result[name] = attributes[.type] as? FileAttributeType == .typeRegular ? try bytes(name) : []
    }
    return result
  }
}

/// Bytes that differ from sector to sector.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  unsafe [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
    // Words, as a debug build calls several functions for each element that is stored.
    let words = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped).assumingMemoryBound(
      to: UInt64.self)
    var (state, index) = (seed, 0)
    while index * 8 < count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      unsafe words[index] = state >> 11 | 1
      index += 1
    }
    filled = count
  }
}

/// Compares the bytes of whole files in one call, where the general operator takes seconds in a debug build.
func == (left: [UInt8], right: [UInt8]) -> Bool {
  guard left.count == right.count else { return false }
  return unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      guard let left = left.baseAddress, let other = right.baseAddress else { return true }
      return unsafe memcmp(left, other, right.count) == 0
    }
  }
}

/// Runs a command of the system to its end and returns its output, without what it says on standard error.
@discardableResult
func shell(_ command: String) throws -> String {
  // Other tests open files meanwhile, not all of them close-on-exec; a command that counts descriptors wants none of those.
  let closing = "exec 2>/dev/null; for f in /proc/$$/fd/*; do f=${f##*/}; [ $f -le 2 ] || eval \"exec $f>&-\"; done; "
  let output = Host.run("bash", "-c", closing + command)
  try #require(output.status == 0, "\(command) failed with \(output.status): \(output.text)")
  return output.text.trimmingCharacters(in: .whitespacesAndNewlines)
}

/// The bytes of a file. (Foundation's own way leaves something behind that the leak checker finds.)
func contents(of path: String) throws -> [UInt8] {
  let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
  try #require(file >= 0, "\(path) cannot be opened: \(errno)")
  defer { close(file) }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(file, &part, part.count)
    try #require(count >= 0, "\(path) cannot be read: \(errno)")
    if count == 0 { return bytes }
    bytes += part[..<count]
  }
}

let isRoot = geteuid() == 0
let engines = ["uring", "threads"]
