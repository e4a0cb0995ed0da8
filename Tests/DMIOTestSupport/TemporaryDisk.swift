import DMIO
import Glibc

/// A file of a test's own, removed with this value.
package final class TemporaryDisk: Sendable {
  package let path: String

  /// Makes a file of `bytes` zeros, sparse, on the disk that the temporary folder is on, or in memory.
  package init(bytes: Int, inMemory: Bool = false) throws {
    let folder = inMemory ? "/dev/shm" : getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/dmio-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0, ftruncate(descriptor, off_t(bytes)) == 0 else {
      throw BlockError.system(Errno(rawValue: errno), "making a temporary disk in \(folder)")
    }
    close(descriptor)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { unlink(path) }

  package func open(
    direct: Bool = true, access: FileOptions.Access = .readWrite, size: FileOptions.Size = .fixed
  ) throws -> BlockDevice {
    try BlockDevice.open(path, FileOptions(access: access, isDirect: direct, size: size))
  }

  /// What the file really holds, read past the service.
  package func contents(_ offset: Int = 0, _ count: Int) -> [UInt8] {
    let descriptor = Glibc.open(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0xEE, count: count)
    var done = 0
    while done < count {
      let got = bytes[done...].withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(offset + done))
      }
      guard got > 0 else { break }
      done += got
    }
    return Array(bytes.prefix(done))
  }

  /// Bytes that the file takes on its disk.
  package var allocatedBytes: Int {
    var status = stat()
    stat(path, &status)
    return Int(status.st_blocks) * 512
  }

  /// Writes bytes past the service.
  package func fill(_ bytes: [UInt8], at offset: Int = 0) {
    let descriptor = Glibc.open(path, O_WRONLY)
    defer { close(descriptor) }
    var done = 0
    while done < bytes.count {
      let got = bytes[done...].withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + done)) }
      precondition(got > 0)
      done += got
    }
  }
}
