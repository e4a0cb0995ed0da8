internal import DMIO
internal import DMIONames
internal import Glibc

/// What there is to say about a regular file: the file system that it is in, and whether it may be written.
struct FileCheckup {
  private let path: [UInt8]
  private let mount: Mount?

  init(_ path: [UInt8], _ file: Descriptor?) {
    self.path = path
    mount = file.flatMap { Mount.of($0) }
  }

  var facts: [Fact] {
    guard let mount else { return [] }
    let point = printable(mount.point)
    return [
      Fact(
        "file system", "\(mount.kind), mounted at \(point)", ("file_system", .string(mount.kind)),
        ("mount_point", .string(point)))
    ]
  }

  /// What keeps this user from writing to what stands at `path`; nil when nothing does.
  func refusal() -> Finding? {
    guard unsafe faccessat(AT_FDCWD, path.map { CChar(bitPattern: $0) } + [0], W_OK, AT_EACCESS) != 0 else {
      return nil
    }
    let errno = Errno(rawValue: Glibc.errno)
    guard errno == .EROFS else {
      return Finding(
        kind: .permission, message: "this user may not write to it (\(errno.name))",
        fix: "sudo dmio copy ... \(ShellWord.quoted(path))")
    }
    return Finding(
      kind: .readOnly, message: "its file system is read-only",
      fix: mount.map { "mount -o remount,rw \(ShellWord.quoted($0.point))" })
  }
}
