import Foundation
import Glibc

/// What the tests need of the machine: a folder, programs, and the answer to whether something can be had here.
public enum Host {
  public static var isRoot: Bool { geteuid() == 0 }

  /// This run's folder, on a file system with O_DIRECT. What earlier runs that were cut off left is cleaned up first.
  public static let folder: String = RunFolder.make()

  /// A path for something new in the run's folder.
  public static func newPath(_ name: String) -> String { "\(folder)/\(name)-\(UInt64.random(in: 0 ... .max))" }

  /// A file of zeros with all its blocks written, or with none.
  public static func newFile(_ name: String, bytes: Int, isSparse: Bool = false) throws -> String {
    let path = newPath(name)
    let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HostError(what: path, errno: errno) }
    defer { close(descriptor) }
    if isSparse {
      guard ftruncate(descriptor, bytes) == 0 else { throw HostError(what: path, errno: errno) }
      return path
    }
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    for offset in stride(from: 0, to: bytes, by: zeros.count) {
      let count = min(zeros.count, bytes - offset)
      guard pwrite(descriptor, zeros, count, offset) == count else { throw HostError(what: path, errno: errno) }
    }
    return path
  }

  /// Runs a program to its end: exit status and all that it printed.
  @discardableResult
  public static func run(_ words: String..., input: String? = nil) -> Output { run(words) }

  /// Runs a program to its end: exit status and all that it printed.
  public static func run(_ words: [String]) -> Output {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
    process.environment?["PATH", default: ""] += ":/usr/sbin:/sbin"
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { return Output(status: 127, text: "\(error)") }
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Output(status: process.terminationStatus, text: text)
  }

  public static func has(_ program: String) -> Bool { run("sh", "-c", "command -v \(program)").status == 0 }

  /// The root of the checkout.
  public static let checkout = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  public struct Output: Sendable {
    public let status: Int32
    public let text: String
    public var line: String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
  }
}

/// A system call or a program that failed on the way to a test.
public struct HostError: Error, CustomStringConvertible {
  public let description: String

  public init(what: String, errno: Int32) { description = "\(what): \(String(cString: strerror(errno)))" }

  public init(_ output: Host.Output, _ what: String) { description = "\(what): exit \(output.status): \(output.text)" }
}
