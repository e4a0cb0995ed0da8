internal import DMIO
internal import DMIONames
internal import Glibc

/// A file that is written as a whole: under its name stands what was there before, or all of the new.
struct ReplacedFile {
  private let path: [UInt8]
  private let folder: [UInt8]
  /// The file as it was named: safe on a terminal.
  let name: String

  /// Looks at the place of a file, and changes nothing: it may be free, or a regular file that is going to be replaced.
  init(at text: String) throws(Refusal) {
    let path = RawArgument.bytes(of: text)
    self.path = path
    name = printable(text)
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    folder = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
    do throws(Errno) {
      guard !path.isEmpty, !path.contains(0), slash != path.count - 1 else { throw .EISDIR }
      // A link is not followed: what would be replaced is elsewhere than it looks.
      if let status = try FileStatus.of(path, followLinks: false), status.kind != .regular {
        throw status.kind == .directory ? .EISDIR : .EEXIST
      }
      guard unsafe faccessat(AT_FDCWD, folder.map { CChar(bitPattern: $0) } + [0], W_OK | X_OK, AT_EACCESS) == 0 else {
        throw Errno(rawValue: Glibc.errno)
      }
    } catch {
      throw error == .EEXIST
        ? Refusal("\(name): is no regular file; name one, or a file that does not exist yet") : refusal(error)
    }
  }

  /// True if the file is the one of this identity.
  func isFile(_ identity: FileReport.Identity) -> Bool {
    guard let status = (try? FileStatus.of(path)) ?? nil else { return false }
    return status.device == identity.device && status.inode == identity.inode
  }

  /// True if the file is to stand where one that does not exist yet is going to be made.
  func isFile(_ place: NewFile) -> Bool { folderIs(place.directoryStatus) && leaf == place.name[...] }

  /// True if both are the same file.
  func isFile(_ other: ReplacedFile) -> Bool {
    guard let status = (try? FileStatus.of(other.folder)) ?? nil else { return false }
    return folderIs(status) && leaf == other.leaf
  }

  /// True if the file has this name in this folder.
  func isFile(named name: [UInt8], in folder: FileStatus) -> Bool { folderIs(folder) && leaf == name[...] }

  private var leaf: ArraySlice<UInt8> { path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...] }

  private func folderIs(_ status: FileStatus) -> Bool {
    guard let own = (try? FileStatus.of(folder)) ?? nil else { return false }
    return own.device == status.device && own.inode == status.inode
  }

  /// Writes the file: first under another name in the same folder, which then takes the place of what is there.
  func write(_ text: String) throws(Refusal) { try write(Array(text.utf8)) }

  /// Writes the file, as bytes that need not be text.
  func write(_ bytes: [UInt8]) throws(Refusal) {
    let temporary = path + Array(".\(getpid()).part".utf8)
    do throws(Errno) {
      let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
      do throws(Errno) {
        try file.write(bytes)
        try file.sync()
        // Looked at once more: nobody else's device or folder is to go.
        if let status = try FileStatus.of(path, followLinks: false), status.kind != .regular { throw .EEXIST }
        guard unsafe rename(ReplacedFile.terminated(temporary), ReplacedFile.terminated(path)) == 0 else {
          throw Errno(rawValue: Glibc.errno)
        }
      } catch {
        _ = unsafe unlink(ReplacedFile.terminated(temporary))
        throw error
      }
      try Descriptor.open(folder, O_RDONLY | O_DIRECTORY).sync()
    } catch {
      throw refusal(error)
    }
  }

  private func refusal(_ errno: Errno) -> Refusal { Refusal("\(name): cannot be written: \(errno.message)") }

  private static func terminated(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }
}
