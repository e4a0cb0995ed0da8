internal import DMIO
internal import DMIOCopy
internal import DMIONames
internal import Glibc

/// The folder of a run's maps: `source.map`, `target-1.map` and so on, in the order of the command line.
struct MapFolder {
  let path: [UInt8]
  let name: String

  /// Who holds the folder's lock.
  private final class Holder { var file: Descriptor? }
  private let holder = Holder()

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
    var kind = FileStatus.Kind.regular
    do throws(Errno) {
      let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
      kind = try file.status().kind
      guard kind == .regular else { throw .EINVAL }
      let bytes = try file.read(atMost: fileBytes + 1)
      guard bytes.count <= fileBytes else { throw .EFBIG }
      return bytes
    } catch {
      if error == .ENOENT { return nil }
      throw Refusal("\(name): \(reason(error, kind))")
    }
  }

  /// Why something is no map.
  private static func reason(_ errno: Errno, _ kind: FileStatus.Kind) -> String {
    switch (errno, kind) {
    case (.ELOOP, _): "is a symbolic link; maps are files"
    case (.ENXIO, _), (_, .other): "is a FIFO or a socket; maps are files"
    case (_, .directory): "is a folder; name a map in it, such as source.map"
    case (_, .block), (_, .character): "is a device; maps are files"
    case (_, .regular): errno.message
    }
  }

  /// Looks whether maps can be kept here, and changes nothing: the folder is there, or can be made.
  func check() throws(Refusal) {
    let status: FileStatus?
    do throws(Errno) { status = try FileStatus.of(path) } catch { throw refusal(error) }
    if let status, status.kind != .directory { throw refusal(.ENOTDIR) }
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    let parent = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
    guard unsafe faccessat(AT_FDCWD, MapFolder.terminated(status == nil ? parent : path), W_OK | X_OK, AT_EACCESS) == 0
    else {
      throw refusal(Errno(rawValue: errno))
    }
    if status != nil { try lock() }
  }

  /// Makes the folder if there is none, and takes away what a run that was killed left of a map it was writing.
  func create() throws(Refusal) {
    if unsafe mkdir(MapFolder.terminated(path), 0o777) != 0, errno != EEXIST { throw refusal(Errno(rawValue: errno)) }
    try lock()
    guard let folder = unsafe opendir(MapFolder.terminated(path)) else { return }
    defer { unsafe closedir(folder) }
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      let text = String(decoding: name, as: UTF8.self)
      guard text.hasSuffix(".part"),
        text.hasPrefix("source.map.") || text.hasPrefix("target-") && text.contains(".map.")
      else { continue }
      _ = unsafe unlink(MapFolder.terminated(path + [UInt8(ascii: "/")] + name))
    }
  }

  /// Keeps other runs away from the maps, for as long as this process lives. One that was killed is waited for.
  func lock(pause: () -> Void = DeviceLock.pause) throws(Refusal) {
    if holder.file == nil {
      do throws(Errno) { holder.file = try Descriptor.open(path, O_RDONLY | O_DIRECTORY) } catch {
        throw refusal(error)
      }
    }
    guard let file = holder.file else { return }
    var last: Int32 = 0
    let outcome = DeviceLock.persist(
      {
        last = DeviceLock.attempt(file, isAlone: true)
        return last
      }, pause: pause)
    switch outcome {
    case .free: if last != 0 { throw refusal(Errno(rawValue: last)) }
    case .taken: throw Refusal("\(name): is in use by another run of dmio")
    case .interrupted: throw DeviceLock.interrupted
    }
  }

  /// True if a file that does not exist yet is going to be one of the maps.
  func claims(_ place: NewFile) -> Bool {
    guard let status = (try? FileStatus.of(path)) ?? nil, status.inode == place.directoryStatus.inode,
      status.device == place.directoryStatus.device
    else { return false }
    let names = [nil] + (0..<Limits.regions).map { Optional($0) }
    return names.contains { Array(MapFolder.file(of: $0).utf8) == place.name }
  }

  /// True if a file that is going to be replaced is one of the maps, or would become one.
  func claims(_ file: ReplacedFile) -> Bool {
    guard let folder = (try? FileStatus.of(path)) ?? nil else { return false }
    let names = [nil] + (0..<Limits.regions).map { Optional($0) }
    return names.contains { file.isFile(named: Array(MapFolder.file(of: $0).utf8), in: folder) }
  }

  /// True if a file is one of the maps.
  func claims(_ identity: FileReport.Identity) -> Bool {
    let names = [nil] + (0..<Limits.regions).map { Optional($0) }
    return names.contains { target in
      guard let status = (try? FileStatus.of(path(of: target))) ?? nil else { return false }
      return status.device == identity.device && status.inode == identity.inode
    }
  }

  private func refusal(_ errno: Errno) -> Refusal { Refusal("\(name): maps cannot be kept there: \(errno.message)") }

  private static func terminated(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }

  /// Replaces a map as a whole: whatever happens, the old one or the new one is there.
  func write(_ map: MapFile, _ target: Int?) throws(Refusal) {
    try ReplacedFile(at: RawArgument.text(of: path(of: target))).write(map.text)
  }

  /// Takes a map away that this run has made.
  func remove(_ target: Int?) { _ = unsafe unlink(MapFolder.terminated(path(of: target))) }

  private func path(of target: Int?) -> [UInt8] { path + Array("/\(MapFolder.file(of: target))".utf8) }
}
