import Foundation
import Testing

/// The copier in C: it copies, all of it, and says when it could not.
@Suite struct CopierTests {
  private static let bytes = 1_000_001

  private func source() throws -> ScratchFile {
    let file = try ScratchFile(bytes: 0)
    let bytes = Data((0..<Self.bytes).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B9 >> 13) })
    try bytes.write(to: URL(fileURLWithPath: file.path))
    return file
  }

  private func contents(_ file: ScratchFile) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file.path)) }

  @Test("every target has the bytes of the source", arguments: [1, 2, 3, 8], [4096, 1 << 20])
  func copies(targets count: Int, chunk: Int) throws {
    let source = try source()
    // They are longer before.
    let targets = try (0..<count).map { _ in try ScratchFile(bytes: Self.bytes + 5000) }
    let outcome = try Program.run("copier", ["--chunk", "\(chunk)", source.path] + targets.map(\.path))
    #expect(outcome.code == 0, "\(outcome.messages)")
    for target in targets { #expect(try contents(target) == contents(source)) }
  }

  @Test("a part of the source is copied on demand, and no more than there is", arguments: [1, 2])
  func part(targets count: Int) throws {
    let source = try source()
    let targets = try (0..<count).map { _ in try ScratchFile(bytes: 0) }
    let paths = [source.path] + targets.map(\.path)
    #expect(try Program.run("copier", ["--bytes", "300000", "--chunk", "65536"] + paths).code == 0)
    for target in targets { #expect(try contents(target) == contents(source).prefix(300_000)) }
    #expect(try Program.run("copier", ["--bytes", "1000002"] + paths).code == 1)
  }

  @Test("out of a mapping, too, every target has the bytes of the source, or of its part", arguments: [1, 3])
  func mapped(targets count: Int) throws {
    let source = try source()
    let targets = try (0..<count).map { _ in try ScratchFile(bytes: 0) }
    let paths = [source.path] + targets.map(\.path)
    #expect(try Program.run("copier", ["--mapped", "--bytes", "300001", "--chunk", "4096"] + paths).code == 0)
    for target in targets { #expect(try contents(target) == contents(source).prefix(300_001)) }
    #expect(try Program.run("copier", ["--mapped"] + paths).code == 0)
    for target in targets { #expect(try contents(target) == contents(source)) }
  }

  @Test("apart, each thread reads only its part, and all targets are written whole", arguments: [1, 3])
  func apart(targets count: Int) throws {
    let source = try source()
    let targets = try (0..<count).map { _ in try ScratchFile(bytes: 0) }
    let paths = [source.path] + targets.map(\.path)
    #expect(try Program.run("copier", ["--apart", "--chunk", "65536"] + paths).code == 0)
    let size = try contents(source).count
    for target in targets { #expect(try contents(target).count == size) }
    // The first thread's first chunk is its own.
    #expect(try contents(targets[0]).prefix(65_536) == contents(source).prefix(65_536))
    // One processor has one thread, whose part is all.
    guard count > 1, ProcessInfo.processInfo.activeProcessorCount > 1 else { return }
    #expect(try contents(targets[1]).prefix(65_536) != contents(source).prefix(65_536))
  }

  @Test("a target that takes nothing, or not all, ends it with a message", arguments: [0, 1])
  func failure(others: Int) throws {
    let source = try source()
    let targets = try (0..<others).map { _ in try ScratchFile(bytes: 0) }
    let full = try Program.run("copier", [source.path, "/dev/full"] + targets.map(\.path))
    #expect(full.code == 1 && full.messages.contains("/dev/full: No space left"), "\(full.messages)")
    let target = try ScratchFile(bytes: 0)
    let small = try Program.runWithSmallFiles("copier", [source.path, target.path] + targets.map(\.path))
    #expect(small.code == 1 && small.messages.contains("File too large"), "\(small.messages)")
  }

  @Test(
    "what makes no sense is refused",
    arguments: [
      [], ["/dev/null"], ["--chunk", "100", "/dev/null", "/dev/null"], ["--bytes", "0", "/dev/null", "/dev/null"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try Program.run("copier", arguments)
    #expect(outcome.code == 2 && outcome.messages.contains("usage: copier"), "\(outcome.messages)")
  }
}
