import Foundation
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

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url(name))) }

  func size(_ name: String) -> UInt64 {
    (try? FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? UInt64) ?? 0
  }

  func exists(_ name: String) -> Bool { (try? FileManager.default.attributesOfItem(atPath: path + "/" + name)) != nil }

  /// Names and contents of everything there.
  func snapshot() throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      result[name] = (try? bytes(name)) ?? []
    }
    return result
  }
}

/// Bytes that differ from sector to sector.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  var bytes = [UInt8](repeating: 0, count: count)
  var index = 0
  while index < count {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var word = state >> 11 | 1
    for _ in 0..<8 where index < count {
      bytes[index] = UInt8(truncatingIfNeeded: word)
      word >>= 8
      index += 1
    }
  }
  return bytes
}

/// Runs a command of the system to its end and returns its output.
@discardableResult
func shell(_ command: String) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/sh")
  process.arguments = ["-c", command]
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(command) failed with \(process.terminationStatus)")
  return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

let isRoot = geteuid() == 0
let engines = ["uring", "threads"]
