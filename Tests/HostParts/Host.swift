import Foundation
import Glibc

/// What the tests need of the machine: a folder, programs, and the answer to whether something can be had here.
package enum Host {
  package static var isRoot: Bool { geteuid() == 0 }

  /// This run's folder, on a file system with O_DIRECT. What earlier runs that were cut off left is cleaned up first.
  package static let folder: String = RunFolder.make()

  /// A path for something new in the run's folder.
  package static func newPath(_ name: String) -> String { "\(folder)/\(name)-\(UInt64.random(in: 0 ... .max))" }

  /// A file of zeros with all its blocks written, or with none.
  package static func newFile(_ name: String, bytes: Int, isSparse: Bool = false) throws -> String {
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
  package static func run(_ words: String...) -> Output { run(words) }

  /// Runs a program to its end: exit status and all that it printed.
  ///
  /// By `posix_spawn`: Foundation's `Process` sees a program end only when the daemons that it left behind end too.
  package static func run(_ words: [String]) -> Output {
    var process = pid_t()
    var output: Int32 = -1
    // One at a time: between `pipe` and `fcntl` another program could inherit the end that is written to.
    let rc = spawning.withLock { count in
      count += 1
      return spawn(words, &process, &output)
    }
    guard rc == 0 else { return Output(status: 127, text: "\(words): \(String(cString: strerror(rc)))") }
    let text = String(
      decoding: FileHandle(fileDescriptor: output, closeOnDealloc: true).readDataToEndOfFile(), as: UTF8.self)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return Output(status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, text: text)
  }

  /// How many were started. Not `Void`, which has no place of its own that a race could be told from its object's.
  private static let spawning = Guarded(0)

  /// Starts a program and gives the end of the pipe that it prints into. 0 or an errno.
  private static func spawn(_ words: [String], _ process: inout pid_t, _ output: inout Int32) -> Int32 {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return errno }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    // A worker of a thread pool has signals blocked; a daemon that inherited that could not be asked to end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    let arguments = (["env", "LC_ALL=C", path] + words).map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let rc = posix_spawn(&process, "/usr/bin/env", &actions, &attributes, arguments, environ)
    close(ends[1])
    if rc == 0 { output = ends[0] } else { close(ends[0]) }
    return rc
  }

  /// `losetup` and `mkfs.ext4` are not on everybody's path.
  private static let path = "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"):/usr/sbin:/sbin"

  package static func has(_ program: String) -> Bool { run("sh", "-c", "command -v \(program)").status == 0 }

  /// The root of the checkout.
  package static let checkout = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  package struct Output: Sendable {
    package let status: Int32
    package let text: String
    package var line: String { text.trimmingCharacters(in: .whitespacesAndNewlines) }
  }
}

/// A system call or a program that failed on the way to a test.
package struct HostError: Error, CustomStringConvertible {
  package let description: String

  package init(what: String, errno: Int32) { description = "\(what): \(String(cString: strerror(errno)))" }

  package init(_ output: Host.Output, _ what: String) { description = "\(what): exit \(output.status): \(output.text)" }
}
