public import DMIO
internal import Glibc

/// A fault plan as it lies in a file.
public enum FaultPlanFile {
  /// The bytes of the regular file at `path`, or one more than a plan may have of a longer one: a pipe or a device in its place
  /// would never end.
  public static func bytes(of path: [UInt8]) throws(Errno) -> [UInt8] {
    let path = path.map { CChar(bitPattern: $0) } + [0]
    let file = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw Errno(rawValue: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw status.st_mode & S_IFMT == S_IFDIR ? .EISDIR : .EINVAL }
    var bytes: [UInt8] = []
    while bytes.count <= Limits.faultPlanBytes {
      let part = try part(of: file, atMost: Limits.faultPlanBytes + 1 - bytes.count)
      if part.isEmpty { break }
      bytes += part
    }
    return bytes
  }

  private static func part(of file: Int32, atMost most: Int) throws(Errno) -> [UInt8] {
    var part = [UInt8](repeating: 0, count: min(most, 1 << 16))
    while true {
      let got = unsafe part.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      if got >= 0 { return Array(part.prefix(got)) }
      guard errno == EINTR else { throw Errno(rawValue: errno) }
    }
  }
}
