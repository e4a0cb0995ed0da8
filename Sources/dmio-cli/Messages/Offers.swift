internal import DMIO
internal import Glibc

/// Texts that are written only if the reader takes them now: a copy does not wait for whoever watches it.
enum Offers {
  /// As many bytes as a pipe that has room takes at once, without blocking.
  private static let partBytes = 4096

  /// What is left of texts that were begun, by descriptor: it goes before all else, so that no text is cut.
  private static let rests = Locked<[Int32: [UInt8]]>([:])
  /// Terminals once more, opened not to wait: one may have room for a part of a text and let a write of all of it wait.
  private static let terminals = Locked<[Int32: Descriptor?]>([:])

  /// Offers a text to a descriptor that may be anything, and gone; false if it is dropped as a whole.
  @discardableResult
  static func offer(_ text: String, to file: Int32) -> Bool {
    let rest = takeRest(of: file)
    let left = push(rest, to: file)
    if !left.isEmpty {
      keep(left, for: file)
      return false
    }
    let bytes = Array(text.utf8)
    let unwritten = push(bytes, to: file)
    if unwritten.count == bytes.count { return false }
    keep(unwritten, for: file)
    return true
  }

  /// What was not written yet of a text that was begun. Who takes it writes it first.
  static func takeRest(of file: Int32) -> [UInt8] { rests.withLock { $0.removeValue(forKey: file) } ?? [] }

  private static func keep(_ rest: [UInt8], for file: Int32) {
    if !rest.isEmpty { rests.withLock { $0[file] = rest } }
  }

  /// Writes what is taken at once, and gives what is left. Nothing is left for a descriptor that is of no use.
  private static func push(_ bytes: [UInt8], to file: Int32) -> [UInt8] {
    var rest = bytes[...]
    while !rest.isEmpty, hasRoom(file, withinMilliseconds: 0) {
      let count = writePart(of: rest, to: unhurried(file))
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if Glibc.errno == EAGAIN || Glibc.errno == EINTR {
        break
      } else {
        return []
      }
    }
    return Array(rest)
  }

  /// True if something can be written without waiting, or has failed, which a write then says.
  static func hasRoom(_ file: Int32, withinMilliseconds time: Int32) -> Bool {
    var entry = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, time) > 0
  }

  /// One write of the first bytes, of which a pipe with room takes all.
  static func writePart(of bytes: ArraySlice<UInt8>, to file: Int32) -> Int {
    let part = bytes.prefix(partBytes)
    return unsafe part.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
  }

  private static func unhurried(_ file: Int32) -> Int32 {
    guard isatty(file) == 1 else { return file }
    return terminals.withLock { known in
      if let found = known[file] { return found?.number ?? file }
      // A user who has become another may not open it: then it is written as it is.
      let again = try? Descriptor.open(Array("/proc/self/fd/\(file)".utf8), O_WRONLY | O_NONBLOCK)
      known[file] = .some(again)
      return again?.number ?? file
    }
  }
}
