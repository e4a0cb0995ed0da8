import HostParts
import Testing

/// What a command offers, and how it refuses what it does not take.
@Suite struct UsageTests {
  @Test(
    "a value that is not allowed is refused with what is",
    arguments: [
      (["--rate", "0"], "a size above 0 and below 8EiB"), (["--rate", "fast"], "a size above 0 and below 8EiB"),
      (["--rate", "-5"], "a size above 0"), (["--rate", "99999999999999999999"], "below 8EiB, such as 50MiB"),
      (["--require", "-1"], "all, any, or a number"), (["--retries", "-1"], "a number from 0 to 1000"),
      (["--timeout", "-1s"], "a time above 0"), (["--progress-fd", "-1"], "is not open"),
      (["--timeout", "0s"], "a time above 0"), (["--timeout", "soon"], "such as 500ms, 30s, 2m or 1h"),
      (["--map", "m", "--map-interval", "0"], "a time above 0"), (["--require", "0"], "all, any, or a number"),
      (["--require", "2"], "there is only 1 target"), (["--retries", "1001"], "a number from 0 to 1000"),
      (["--retries", "x"], "a number from 0 to 1000"), (["--retries=-1"], "a number from 0 to 1000"),
    ])
  func allowed(options: [String], says: String) throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    let run = try Tool.run(["copy"] + options + ["source", "a"], in: folder)
    #expect(run.exit == 2 && run.error.contains(says), "\(run.exit): \(run.error)")
    #expect(!folder.exists("a"))
  }

  @Test(
    "what is no map is called what it is",
    arguments: [
      ("folder", "is a folder; name a map in it"), ("fifo", "is a FIFO or a socket"), ("/dev/null", "is a device"),
      ("link", "is a symbolic link"),
    ])
  func noMap(name: String, says: String) throws {
    let folder = try TemporaryFolder()
    try shell("cd '\(folder.path)' && mkdir folder && mkfifo fifo && ln -s folder link")
    let run = try Tool.run(["map", "diff", name, name], in: folder)
    #expect(run.exit == 1 && run.error.hasPrefix("dmio: \(name): \(says)"), "\(run.error)")
    if name == "folder" || name == "link" { return }
    #expect(try Tool.run(["map", "show", name], in: folder).error.hasPrefix("dmio: \(name): \(says)"))
  }

  @Test("help offers what a command takes, and says what people ask") func help() throws {
    func help(_ verb: String) throws -> String {
      let run = try Tool.run([verb, "--help"], in: TemporaryFolder())
      return String(decoding: run.output, as: UTF8.self).split { " \n".contains($0) }.joined(separator: " ")
    }
    #expect(try !help("verify").contains("--yes"))
    let repair = try help("repair")
    #expect(!repair.contains("--hash") && !repair.contains("--manifest"), "\(repair)")
    let copy = try help("copy")
    for sentence in [
      "A longer file is cut to the size of the source.", "With --map, Ctrl-C leaves a state that --resume continues.",
      "--resume leaves alone what failed; dmio repair tries it again.",
    ] {
      #expect(copy.contains(sentence), "\(sentence) in \(copy)")
    }
    for verb in ["copy", "verify"] { #expect(try help(verb).contains("the first of 7, 5, 6, 3, 4"), "\(verb)") }
    for option in ["--hash=sha256", "--manifest=x"] {
      let run = try Tool.run(["repair", option, "--map", "maps", "a", "b"], in: TemporaryFolder())
      #expect(run.exit == 2 && run.error.contains("use dmio verify"), "\(run.error)")
    }
  }

  @Test("progress does not go where the receipt, or what is read, has standard output for itself")
  func progressOnStandardOutput() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(3000))
    for arguments in [
      ["copy", "--json", "source", "a"], ["verify", "--json", "source", "source"], ["read", "source"],
    ] {
      let run = try Tool.run(arguments + ["--progress-fd", "1"], in: folder)
      #expect(run.exit == 2 && run.error.contains("--progress-fd 1: is standard output"), "\(run.error)")
    }
    #expect(!folder.exists("a"))
    #expect(try Tool.run(["copy", "--progress-fd", "1", "source", "a"], in: folder).exit == 0)
  }

  @Test(
    "an option with an empty value does not take the next operand for it",
    arguments: ["--manifest=", "--plot=", "--map=", "--rate=", "--json=", "--progress-fd="])
  func emptyValue(option: String) throws {
    let folder = try TemporaryFolder()
    for name in ["one", "two", "three"] { try folder.make(name, pattern(3000, seed: UInt64(name.count))) }
    let before = try folder.snapshot()
    for arguments in [["copy", option, "one", "two", "three"], ["copy", "--json", "one", "two", "three", option]] {
      let run = try Tool.run(arguments, in: folder)
      #expect(run.exit == 2 && run.error.contains("\(option.dropLast()): its value is empty"), "\(run.error)")
      if arguments.contains("--json") { #expect(try JSONDecoding.failure(run).exit == 2) }
    }
    #expect(try folder.snapshot() == before)
  }

  @Test("a name that ends in = is a name") func equalsSign() throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("a=", pattern(3000))
    try #require(try Tool.run(["copy", "a=", "b="], in: folder).exit == 0)
    try #require(try Tool.run(["copy", "--", "a=", "--b="], in: folder).exit == 0)
    #expect(try folder.bytes("b=") == bytes && folder.bytes("--b=") == bytes)
  }
}
