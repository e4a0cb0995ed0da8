import Foundation

/// One of the package's programs, as it was built beside the tests.
struct Program {
  /// What a run gave.
  struct Outcome {
    let code: Int32
    let output: Data
    let messages: String

    /// The JSON object that it printed.
    func object() throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: output) as? [String: Any] ?? [:]
    }
  }

  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

  /// The path of `name`.
  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// Runs a program of the package.
  static func run(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    try run(path: path(name), arguments, environment: environment)
  }

  /// Runs it so that no file can grow beyond 6 KiB, and a write that crosses this moves what is before it.
  static func runWithSmallFiles(_ name: String, _ arguments: [String]) throws -> Outcome {
    // In units of 512 bytes. The signal would end the program before it could say anything.
    let script = #"ulimit -f 12; trap "" XFSZ; exec "$0" "$@""#
    return try run(path: "/bin/sh", ["-c", script, path(name)] + arguments)
  }

  private static func run(
    path: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    let output = Pipe()
    let messages = Pipe()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = messages
    try process.run()
    // Neither is ever more than a pipe holds.
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let said = messages.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(code: process.terminationStatus, output: printed, messages: String(decoding: said, as: UTF8.self))
  }
}

/// A file of zeros that is gone after the test.
final class ScratchFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("dm-io-\(UUID().uuidString)").path

  init(bytes: Int) throws {
    try Data(count: bytes).write(to: URL(fileURLWithPath: path))
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
