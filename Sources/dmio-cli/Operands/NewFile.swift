internal import DMIO
internal import Glibc

/// A file that does not exist yet, and the directory that it is going to be in.
final class NewFile {
  let directory: Descriptor
  let directoryStatus: FileStatus
  let name: [UInt8]
  private let directoryPath: [UInt8]
  private var isOurs = false

  private init(directory: Descriptor, path: [UInt8], name: [UInt8]) throws(Errno) {
    self.directory = directory
    directoryStatus = try directory.status()
    directoryPath = path
    self.name = name
  }

  /// The place of a device's file, if that is a path where nothing is; refuses where no file can be made.
  static func ifAbsent(_ stack: DeviceStack) throws(Refusal) -> NewFile? {
    guard case .path(let path) = stack.core else { return nil }
    do throws(Errno) {
      guard try FileStatus.of(path) == nil else { return nil }
      // A symbolic link to nowhere: what it would create is elsewhere than it looks.
      if try FileStatus.of(path, followLinks: false) != nil { throw .ENOENT }
      let slash = path.lastIndex(of: UInt8(ascii: "/"))
      let folder = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
      let name = Array(path[(slash.map { $0 + 1 } ?? 0)...])
      guard !name.isEmpty else { throw .EISDIR }
      guard name.count <= 255 else { throw .ENAMETOOLONG }
      let directory = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
      guard unsafe faccessat(AT_FDCWD, folder.map { CChar(bitPattern: $0) } + [0], W_OK | X_OK, AT_EACCESS) == 0 else {
        throw Errno(rawValue: Glibc.errno)
      }
      return try NewFile(directory: directory, path: folder, name: name)
    } catch {
      throw Refusal("\(stack.name): cannot be created: \(error.message)")
    }
  }

  /// True when both are going to be one file.
  func isSame(as other: NewFile) -> Bool {
    name == other.name && directoryStatus.device == other.directoryStatus.device
      && directoryStatus.inode == other.directoryStatus.inode
  }

  /// A file like it without a name, gone when it is closed, for looking at what the file will be.
  func unnamed(_ flags: Int32) throws(Errno) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.open(directoryPath, flags | OpenFlags.unnamed, mode: 0o600)
    } catch {
      // Without such files, a look through the page cache is one at any file.
      guard flags & OpenFlags.direct == 0, [.EOPNOTSUPP, .EISDIR, .EINVAL, .ENOENT].contains(error) else { throw error }
      for folder in ["/dev/shm", "/tmp"] {
        if let file = try? Descriptor.open(Array(folder.utf8), flags | OpenFlags.unnamed, mode: 0o600) { return file }
      }
      throw error
    }
  }

  /// Makes the file, which must not have come into being meanwhile; a second time opens the one that was made.
  func create(_ flags: Int32) throws(Errno) -> Descriptor {
    let path = directoryPath + [UInt8(ascii: "/")] + name
    if isOurs { return try Descriptor.open(path, flags) }
    // Not with O_DIRECT at once: where that is refused, some file systems leave an empty file behind.
    let made = try Descriptor.open(path, (flags & ~OpenFlags.direct) | O_CREAT | O_EXCL)
    isOurs = true
    if flags & OpenFlags.direct == 0 { return made }
    // The file that was made, whatever its name leads to by now; a root without /proc has the name alone.
    let own = Array("/proc/self/fd/\(made.number)".utf8)
    do throws(Errno) { return try Descriptor.open(own, flags) } catch {
      guard error == .ENOENT else { throw error }
      return try Descriptor.open(path, flags)
    }
  }

  /// Leaves the file to another run, which was faster at locking it.
  func leave() { isOurs = false }

  /// Takes the file away again, if this run made it.
  func remove() {
    guard isOurs else { return }
    _ = unsafe unlinkat(directory.number, name.map { CChar(bitPattern: $0) } + [0], 0)
    isOurs = false
  }
}
