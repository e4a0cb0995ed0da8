import Glibc

/// A file that one process at a time holds. The kernel lets go of it when the process ends, however it ends.
struct FileLock {
  private let path: String
  private let descriptor: CInt

  init(_ path: String) throws(Message) {
    self.path = path
    descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Message("\(path): \(unsafe String(cString: strerror(errno)))") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw Message("another run measures in this folder: wait for it, two at once measure each other")
    }
  }

  /// Lets go of it.
  func remove() {
    unsafe unlink(path)
    close(descriptor)
  }
}
