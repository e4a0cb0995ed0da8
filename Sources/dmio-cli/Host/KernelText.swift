internal import Glibc

/// Files of procfs and sysfs: made when they are read, of no size beforehand.
enum KernelText {
  /// The lines of a file; none where it cannot be read.
  ///
  /// - Parameter limit: More than the file has; there are many mounts.
  static func lines(_ path: String, atMost limit: Int = 4 << 20) -> [[UInt8]] {
    guard let file = try? Descriptor.open(Array(path.utf8), O_RDONLY), let all = try? file.read(atMost: limit)
    else { return [] }
    return all.split(separator: UInt8(ascii: "\n")).map { Array($0) }
  }

  /// The first line of a file as text; nil where it cannot be read.
  static func line(_ path: String) -> String? {
    lines(path, atMost: 8192).first.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The words of a line of a table, in which a blank within a word is `\040`.
  static func words(_ line: [UInt8]) -> [[UInt8]] {
    line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map { unescaped(Array($0)) }
  }

  private static func unescaped(_ word: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = word[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        result.append(value)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  /// The names in a folder, sorted; none where it cannot be read.
  static func names(in folder: String) -> [[UInt8]] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name.first != UInt8(ascii: ".") { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }
}
