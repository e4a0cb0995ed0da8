import DMIO
import Glibc
import Testing

/// Every recorded request of the kernel, replayed: the same answers, and the right bytes in the right places.
@Suite struct ConformanceTests {
  @Test("the kernel's answers, on files", arguments: Door.allCases, [EngineChoice.uring, .threads])
  func files(door: Door, engine: EngineChoice) throws {
    try replay(door, engine, on: TestDisks.onFiles(), title: "conformance")
  }

  @Test("the kernel's answers, in memory", arguments: Door.allCases)
  func memory(door: Door) throws {
    try replay(door, .threads, on: TestDisks.inMemory(), title: "conformance in memory")
  }

  private func replay(_ door: Door, _ engine: EngineChoice, on disks: TestDisks, title: String) throws {
    let replay = try Replay(door, engine, on: disks)
    let clock = ContinuousClock()
    let start = clock.now
    try replay.run(Recording.lines.get())
    let took = clock.now - start
    printWhole("\(title): \(replay.lines) lines replayed, \(replay.differences.count) differences (\(door), \(engine))")
    printWhole("\(title): took \(Int(took / .milliseconds(1))) ms (\(door), \(engine))")
    #expect(replay.lines > 0)
    #expect(replay.differences.isEmpty, "\(replay.differences.prefix(20).joined(separator: "\n"))")
  }
}

/// Prints a line in one piece: what `print` gathers is cut where its buffer ends, and the runner's own output comes between.
///
/// Of this stream only: who flushes all of them waits for each that a thread reads, such as a pipe from a test's process.
private func printWhole(_ line: String) {
  // The variable itself is one that any thread may change.
  fflush(dlsym(nil, "stdout")?.load(as: UnsafeMutablePointer<FILE>.self))
  let bytes = Array("\(line)\n".utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
}
