import Foundation
import Testing

/// A run of the tool, as a process of its own.
struct Tool {
  let exit: Int32
  let output: [UInt8]
  let error: String

  /// The JSON on standard output, which must be nothing else.
  var receipt: Receipt {
    get throws { try JSONDecoder().decode(Receipt.self, from: Data(output)) }
  }

  /// The tool, built beside the tests.
  static let path: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("dmio").path
  }()

  /// Runs the tool to its end. After `seconds` it is killed, which no test expects.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, input: [UInt8]? = nil, seconds: Int = 120
  ) throws -> Tool {
    try RunningTool(arguments.map { Array($0.utf8) }, in: folder, input: input, seconds: seconds).wait()
  }
}

/// The tool while it runs.
final class RunningTool {
  let process: pid_t
  private let base: String
  private let guardian: DispatchWorkItem

  init(_ arguments: [[UInt8]], in folder: TemporaryFolder, input: [UInt8]? = nil, seconds: Int = 120) throws {
    base = folder.path + "/.run-\(UUID().uuidString)"
    try Data(input ?? []).write(to: URL(fileURLWithPath: base + ".in"))
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let from = input == nil ? "/dev/null" : base + ".in"
    unsafe posix_spawn_file_actions_addopen(&actions, 0, from, O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, base + ".out", O_WRONLY | O_CREAT, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, base + ".err", O_WRONLY | O_CREAT, 0o600)
    var argv: [UnsafeMutablePointer<CChar>?] =
      unsafe (["env", "-C", folder.path, Tool.path].map { Array($0.utf8) } + arguments).map { bytes in
        unsafe strdup(bytes.map { CChar(bitPattern: $0) } + [0])
      }
    unsafe argv.append(nil)
    defer { unsafe argv.forEach { unsafe free($0) } }
    var process: pid_t = 0
    // Whoever runs the tests may have them ignore hang-ups.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var usual = sigset_t()
    unsafe sigemptyset(&usual)
    unsafe sigaddset(&usual, SIGHUP)
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let code = unsafe posix_spawn(&process, "/usr/bin/env", &actions, &attributes, argv, environ)
    try #require(code == 0, "\(Tool.path) could not be started: \(code)")
    let child = process
    self.process = child
    guardian = DispatchWorkItem { kill(child, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds), execute: guardian)
  }

  func signal(_ number: Int32) { kill(process, number) }

  /// What it has written to standard error up to now.
  func errorSoFar() throws -> String { String(decoding: try contents(of: base + ".err"), as: UTF8.self) }

  func wait() throws -> Tool {
    var status: Int32 = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    guardian.cancel()
    let exit = status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
    let output = try contents(of: base + ".out")
    let error = try contents(of: base + ".err")
    for suffix in [".in", ".out", ".err"] { try FileManager.default.removeItem(atPath: base + suffix) }
    return Tool(exit: exit, output: output, error: String(decoding: error, as: UTF8.self))
  }
}

/// Waits until something is so; a test whose condition never comes fails after a minute.
func waitUntil(_ what: String, _ condition: () throws -> Bool) throws {
  let end = ContinuousClock.now + .seconds(60)
  while try !condition() {
    try #require(ContinuousClock.now < end, "never came: \(what)")
    usleep(1000)
  }
}
