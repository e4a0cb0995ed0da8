import HostParts
import Testing

/// What the tool says to people at its end: nothing less than they need.
@Suite struct MessageTests {
  static let talkative = [
    "--help", "--version", "copy --help", "copy --json source new", "copy -n --json source new",
    "verify --json source a",
    "repair --json --map maps source a", "read source", "write --json new,size=3000s <large", "info source",
    "doctor source", "map show maps", "map diff --json maps/source.map maps/target-1.map", "bench ram:1MiB --ios 10",
    "copy --json missing new",
  ]

  @Test("standard output that takes nothing is said, and is exit 1", arguments: talkative)
  func standardOutput(command: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000 * 512))
    try folder.make("large", pattern(3000 * 512))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a"], in: folder).exit == 0)
    for (place, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
      let said = try shell("cd '\(folder.path)'; '\(Tool.path)' \(command) 2>&1 \(place); echo \"exit $?\"")
      #expect(said.contains("dmio: standard output: \(reason)\n") && said.hasSuffix("exit 1"), "\(place): \(said)")
    }
  }
}
