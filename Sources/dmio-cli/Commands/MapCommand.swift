internal import ArgumentParser
internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// `dmio map`: what a copy's maps say.
struct MapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Print ddrescue maps, or what differs between two.",
    discussion: """
      EXAMPLES
        dmio map show rescue                             all maps of a folder, a line each
        dmio map show --json rescue/target-1.map         one map, with its extents
        dmio map diff rescue/target-1.map rescue/target-2.map
      """,
    subcommands: [MapShowCommand.self, MapDiffCommand.self])

  func run() throws { throw ValidationError("a command is missing: show or diff") }

  /// Reads the map that was named.
  static func read(_ text: String) throws(Refusal) -> MapFile {
    let name = printable(text)
    guard let bytes = try MapFolder.bytes(of: RawArgument.bytes(of: text), name: name) else {
      throw Refusal("\(name): \(Errno.ENOENT.message)")
    }
    do throws(MapFileError) { return try MapFile(parsing: bytes) } catch { throw Refusal("\(name): \(error.message)") }
  }
}

/// `dmio map show`.
struct MapShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print what maps say is done, bad, and not tried.",
    discussion: """
      EXAMPLES
        dmio map show rescue
        dmio map show --json /var/lib/rescue/source.map

      A folder stands for source.map and all target maps in it. Exit code 0, also for a map that is not done.
      """)

  @Argument(help: "Map files, or folders of them.", completion: .file()) var maps: [String]
  @Flag(help: "Print one JSON object, with all extents, on standard output.") var json = false

  func run() throws {
    let files = try maps.flatMap { try MapShowCommand.files($0) }
    if json {
      return StandardStreams.output(JSON.object([("maps", .array(files.map(MapShowCommand.json)))]).text + "\n")
    }
    StandardStreams.output(files.map(MapShowCommand.line).joined())
  }

  private static func files(_ text: String) throws(Refusal) -> [(name: String, map: MapFile)] {
    guard let status = (try? FileStatus.of(RawArgument.bytes(of: text))) ?? nil, status.kind == .directory else {
      return [(printable(text), try MapCommand.read(text))]
    }
    let folder = MapFolder(text)
    var files: [(name: String, map: MapFile)] = []
    for index in [nil] + (0..<Limits.regions).map({ Optional($0) }) {
      if let map = try folder.read(index) { files.append((folder.name(of: index), map)) }
    }
    if files.isEmpty { throw Refusal("\(folder.name): has no maps") }
    return files
  }

  private static func line(_ name: String, _ map: MapFile) -> String {
    let bytes = map.bytes
    let open = bytes.sectors - bytes.count(of: .done) - bytes.count(of: .bad)
    let state = bytes.isDone ? "done" : open > 0 ? "not done" : "done, with bad sectors"
    let device = map.note("device").map { " (\($0))" } ?? ""
    return "\(name)\(device): \(state): \(ByteSize(bytes: bytes.count(of: .done))) done, "
      + "\(ByteSize(bytes: bytes.count(of: .bad))) bad, \(ByteSize(bytes: open)) not tried\n"
  }

  private static func json(_ name: String, _ map: MapFile) -> JSON {
    let bytes = map.bytes
    return .object([
      ("file", .string(name)), ("device", .string(orNull: map.note("device"))), ("done", .bool(bytes.isDone)),
      ("first", .number(map.first)), ("bytes", .number(bytes.sectors)), ("bytes_done", .number(bytes.count(of: .done))),
      ("bytes_bad", .number(bytes.count(of: .bad))), ("extents", .array(bytes.runs.map { map.json($0) })),
    ])
  }
}

/// `dmio map diff`.
struct MapDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Print the extents of which two maps say different things.",
    discussion: """
      EXAMPLES
        dmio map diff rescue/target-1.map rescue/target-2.map
        dmio map diff --json before.map after.map

      A line is the first byte, the number of bytes, and the status in either map: + done, - bad, ? not tried, * / not looked
      at closely, . not in the map. Exit code 0 if the maps agree, 6 if not, 1 if one cannot be read.
      """)

  @Argument(help: "A map file.", completion: .file()) var first: String
  @Argument(help: "Another.", completion: .file()) var second: String
  @Flag(help: "Print one JSON object on standard output.") var json = false

  func run() throws {
    let (one, other) = (try MapCommand.read(first), try MapCommand.read(second))
    let differences = MapDifference.between(one, other)
    if json {
      StandardStreams.output(JSON.object([("differences", .array(differences.map(\.json)))]).text + "\n")
    } else {
      StandardStreams.output(differences.map(\.line).joined())
    }
    Main.end(differences.isEmpty ? .good : .mismatch)
  }
}

extension MapFile {
  fileprivate func json(_ run: SectorMap.Run) -> JSON {
    .object([
      ("position", .number(first + run.sectors.lowerBound)), ("size", .number(UInt64(run.sectors.count))),
      ("status", .string(String(UnicodeScalar(run.status.rawValue)))),
    ])
  }
}
