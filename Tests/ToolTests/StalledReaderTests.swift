import Foundation
import Testing

@testable import dmio_cli

/// Whoever reads what the tool tells, and stops reading.
@Suite struct StalledReaderTests {
  /// Opens a FIFO as number 7 and fills it: what is written there is read by nobody.
  private static let fullPipe =
    "mkfifo pipe; exec 7<>pipe; dd if=/dev/zero bs=64K count=1 of=pipe oflag=nonblock status=none; "

  private let folder: TemporaryFolder
  private let bytes: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    bytes = try folder.make("source", pattern(3 << 20))
    try folder.make("hang", #"{"rules":[{"op":"write","skip":1,"action":"hang"}]}"#)
  }

  private func ends(_ command: String) throws -> String {
    try shell(
      "cd '\(folder.path)'; \(StalledReaderTests.fullPipe) timeout -s KILL 60 '\(Tool.path)' \(command); echo $?")
  }

  @Test(
    "progress that nobody reads does not hold up a copy",
    arguments: [
      "copy --progress-fd 7 source a", "copy --progress json source a b 2>&7 --json",
      "copy --progress line source a 2>&7 --json",
    ])
  func progress(command: String) throws {
    // The last line is the shell's, behind the receipt.
    #expect(try ends(command).split(separator: "\n").last == "0")
    #expect(try folder.bytes("a") == bytes)
  }

  @Test(
    "a second signal ends a copy whose messages and receipt nobody reads",
    arguments: ["2>&7", "--json >&7", ">&7 2>&7"])
  func urgent(where streams: String) throws {
    let output = try shell(
      """
      cd '\(folder.path)'; \(StalledReaderTests.fullPipe)
      '\(Tool.path)' copy source fault:hang,target \(streams) & tool=$!
      while [ ! -s target ]; do :; done; kill -INT $tool; kill -TERM $tool
      timeout -s KILL 60 tail --pid=$tool -f /dev/null && wait $tool; echo $?; kill -KILL $tool
      true
      """)
    #expect(output.hasSuffix("7"), "\(output)")
  }

  @Test("one signal ends a read of whose bytes only the first are taken") func read() throws {
    let output = try shell(
      """
      cd '\(folder.path)'; mkfifo pipe; exec 7<>pipe; '\(Tool.path)' read source >&7 & tool=$!
      while ! grep -qE '^(1|64) 0x1 ' /proc/$tool/syscall; do :; done
      kill -INT $tool; timeout -s KILL 60 tail --pid=$tool -f /dev/null && wait $tool; echo $?; kill -KILL $tool
      true
      """)
    #expect(output.hasSuffix("7"), "\(output)")
  }

  @Test("a record that is taken by half is finished before the next", arguments: [false, true]) func whole(waits: Bool)
    throws
  {
    var ends: [Int32] = [0, 0]
    try #require(unsafe pipe(&ends) == 0)
    ends[1] = try own(ends[1], waits ? 700 : 701)
    defer { ends.forEach { close($0) } }
    if !waits { _ = fcntl(ends[1], F_SETFL, O_NONBLOCK) }
    let record = String(repeating: "r", count: 9999) + "\n"
    var taken = 0
    while Offers.offer(record, to: ends[1]) { taken += 1 }
    // The last one that was taken is not all in the pipe.
    var there: Int32 = 0
    _ = unsafe ioctl(ends[0], UInt(FIONREAD), &there)
    #expect(taken > 0 && Int(there) < taken * record.utf8.count)
    #expect(!Offers.offer("dropped\n", to: ends[1]))
    var read = ""
    var space = [UInt8](repeating: 0, count: 1 << 16)
    while read.utf8.count < taken * record.utf8.count {
      let count = unsafe Glibc.read(ends[0], &space, space.count)
      read += String(decoding: space[..<max(0, count)], as: UTF8.self)
      if read.utf8.count < taken * record.utf8.count { Offers.offer("next\n", to: ends[1]) }
    }
    #expect(read.hasPrefix(String(repeating: record, count: taken)) && !read.contains("dropped"))
  }

  @Test("a terminal that is stopped, or that nobody reads, is not waited for", arguments: [true, false])
  func terminal(isStopped: Bool) throws {
    let master = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    try #require(master >= 0)
    defer { close(master) }
    var (number, lock): (Int32, Int32) = (0, 0)
    // TIOCSPTLCK, TIOCGPTN.
    try #require(unsafe ioctl(master, 0x4004_5431, &lock) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
    let name = "/dev/pts/\(number)"
    let terminal = try own(unsafe open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), isStopped ? 702 : 703)
    defer { close(terminal) }
    if isStopped { try #require(tcflow(terminal, TCOOFF) == 0) }
    let line = String(repeating: "line ", count: 300) + "\n"
    var taken = 0
    while taken < 10_000, Offers.offer(line, to: terminal) { taken += 1 }
    #expect(isStopped ? taken == 0 : taken > 0 && taken < 10_000)
    tcflow(terminal, TCOON)
  }

  /// Moves a descriptor to a number that no other test gets: what was begun on a number is remembered.
  private func own(_ descriptor: Int32, _ number: Int32) throws -> Int32 {
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let moved = fcntl(descriptor, F_DUPFD_CLOEXEC, number)
    try #require(moved == number)
    return moved
  }
}
