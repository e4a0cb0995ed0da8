import Foundation

/// Runs other programs and waits for their end.
struct Child {
  /// Takes what the programs print.
  let folder: URL

  /// How long a program may take before it counts as hung.
  static let patience = 180.0

  /// Runs `command`, which is looked for in PATH unless it is a path, and returns what it printed.
  @discardableResult
  func run(_ command: [String], environment: [String: String] = [:]) throws(Message) -> Data {
    try Interruption.check()
    let output = folder.appendingPathComponent("output")
    let messages = folder.appendingPathComponent("messages")
    let process = Process()
    process.executableURL = try Child.find(command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try open(output)
    process.standardError = try open(messages)
    do { try process.run() } catch { throw Message("\(command[0]) does not start: \(error.localizedDescription)") }
    Interruption.follow(process.processIdentifier)
    let isHung = wait(for: process)
    Interruption.follow(0)
    try Interruption.check()
    if isHung { throw Message("it was ended after \(Int(Child.patience)) s") }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw Message("\(Child.end(of: process)): \(lastLine(of: messages))")
    }
    do { return try Data(contentsOf: output) } catch { throw Message("\(error.localizedDescription)") }
  }

  /// Where `program` is.
  static func find(_ program: String) throws(Message) -> URL {
    if program.contains("/") {
      guard FileManager.default.isExecutableFile(atPath: program) else { throw Message("\(program) is no program") }
      return URL(fileURLWithPath: program)
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    // What only root needs is not in everybody's PATH.
    for folder in path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin"] {
      let candidate = "\(folder)/\(program)"
      if FileManager.default.isExecutableFile(atPath: candidate) { return URL(fileURLWithPath: candidate) }
    }
    throw Message("\(program) is not installed")
  }

  private func open(_ file: URL) throws(Message) -> FileHandle {
    guard FileManager.default.createFile(atPath: file.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: file.path)
    else { throw Message("\(file.path) cannot be written") }
    return handle
  }

  private func wait(for process: Process) -> Bool {
    let group = -process.processIdentifier
    let end = DispatchWorkItem { _ = kill(group, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + Child.patience, execute: end)
    let start = ContinuousClock.now
    process.waitUntilExit()
    end.cancel()
    return ContinuousClock.now - start >= .seconds(Child.patience)
  }

  private static func end(of process: Process) -> String {
    process.terminationReason == .exit
      ? "exit code \(process.terminationStatus)" : "signal \(process.terminationStatus)"
  }

  private func lastLine(of file: URL) -> String {
    let text = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").last.map(String.init) ?? "it said nothing"
  }
}
