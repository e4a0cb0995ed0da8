internal import DMIO
internal import DMIOCopy
internal import DMIONames
internal import Glibc

/// The folder of a run's maps: `source.map`, `target-1.map` and so on, in the order of the command line.
struct MapFolder {
  let path: [UInt8]
  let name: String

  /// Bytes of the longest map that is read.
  private static let fileBytes = 64 << 20

  init(_ text: String) {
    path = RawArgument.bytes(of: text)
    name = printable(text)
  }

  /// The map of the source, or of the target with this index.
  static func file(of target: Int?) -> String { target.map { "target-\($0 + 1).map" } ?? "source.map" }

  func name(of target: Int?) -> String { "\(name)/\(MapFolder.file(of: target))" }

  /// Reads a map; nil when there is none.
  func read(_ target: Int?) throws(Refusal) -> MapFile? {
    guard let bytes = try MapFolder.bytes(of: path(of: target), name: name(of: target)) else { return nil }
    do throws(MapFileError) { return try MapFile(parsing: bytes) } catch {
      throw Refusal("\(name(of: target)): \(error.message)")
    }
  }

  /// The bytes of a map file, which must be a file of its own and no link; nil when there is none.
  static func bytes(of path: [UInt8], name: String) throws(Refusal) -> [UInt8]? {
    do throws(Errno) {
      let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      guard try file.status().kind == .regular else { throw .EINVAL }
      let bytes = try file.read(atMost: fileBytes + 1)
      guard bytes.count <= fileBytes else { throw .EFBIG }
      return bytes
    } catch {
      if error == .ENOENT { return nil }
      throw Refusal("\(name): \(error == .ELOOP ? "is a symbolic link; maps are files" : error.message)")
    }
  }

  /// Makes the folder if there is none, and takes away what a run that was killed left of a map it was writing.
  func create() throws(Refusal) {
    if unsafe mkdir(path.map { CChar(bitPattern: $0) } + [0], 0o777) != 0, errno != EEXIST {
      throw Refusal("\(name): cannot be created: \(Errno(rawValue: errno).message)")
    }
    guard let status = (try? FileStatus.of(path)) ?? nil, status.kind == .directory else {
      throw Refusal("\(name): is no folder")
    }
    guard let folder = unsafe opendir(path.map { CChar(bitPattern: $0) } + [0]) else { return }
    defer { unsafe closedir(folder) }
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      let text = String(decoding: name, as: UTF8.self)
      if text.hasSuffix(".part"), text.hasPrefix("source.map.") || text.hasPrefix("target-") && text.contains(".map.") {
        _ = unsafe unlink((path + [UInt8(ascii: "/")] + name).map { CChar(bitPattern: $0) } + [0])
      }
    }
  }

  /// Replaces a map as a whole: whatever happens, the old one or the new one is there.
  func write(_ map: MapFile, _ target: Int?) throws(Refusal) {
    try ReplacedFile(at: RawArgument.text(of: path(of: target))).write(map.text)
  }

  private func path(of target: Int?) -> [UInt8] { path + Array("/\(MapFolder.file(of: target))".utf8) }
}
