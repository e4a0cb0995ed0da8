import DMIO
import Glibc
import Testing

/// A file in memory that refuses writes once it is sealed: its pieces fail in the kernel, and not before.
public final class SealedFile {
  private let descriptor: Int32
  /// The file, open for writing, and not for direct I/O.
  public let device: BlockDevice

  /// Makes a file of 64 KiB.
  public init() throws {
    // Not among what Swift sees of the C library.
    typealias MakeFile = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32
    let makeFile = unsafeBitCast(try #require(dlsym(nil, "memfd_create")), to: MakeFile.self)
    descriptor = makeFile("dmio-test", SealedFile.mayBeSealed)
    ftruncate(descriptor, 1 << 16)
    device = try BlockDevice.open("/proc/self/fd/\(descriptor)", FileOptions(access: .readWrite, isDirect: false))
  }

  deinit { close(descriptor) }

  /// Has every write from now on fail with EPERM; false if it cannot be had.
  public func seal() -> Bool { fcntl(descriptor, SealedFile.addSeals, SealedFile.sealWrites) == 0 }

  private static let mayBeSealed: UInt32 = 2
  private static let addSeals: Int32 = 1033
  private static let sealWrites: Int32 = 8
}
