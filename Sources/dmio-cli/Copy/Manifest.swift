internal import DMIO
internal import DMIOCopy

/// The file of a source's hash, as `sha256sum -c` reads it: so the source is all of a file that has a name.
struct Manifest {
  let file: ReplacedFile
  /// The source as sha256sum would be told of it.
  private let source: [UInt8]

  /// Refuses a source of which sha256sum would read something else, or nothing.
  init(_ file: ReplacedFile, of source: SourceOperand) throws(Refusal) {
    self.file = file
    let remedy = "leave it out, and --hash sha256 puts the hash into the receipt"
    guard let path = source.path else {
      throw Refusal(
        "--manifest: sha256sum could not check \(source.opened.name), which is no file; \(remedy)", exit: .usage)
    }
    guard source.isWhole else {
      throw Refusal(
        "--manifest: sha256sum would check all of \(source.opened.name), and a part of it is read; \(remedy)",
        exit: .usage)
    }
    self.source = path
  }

  /// Writes the hash, if there is one of the source's own bytes; else says why not.
  ///
  /// - Returns: What is wrong although the copy itself is good.
  func write(_ receipt: Receipt) -> Refusal? {
    if !receipt.source.copy.holes.isEmpty {
      return lacking("sectors of the source could not be read, and the hash is one with zeros in their place", receipt)
    }
    guard let hash = receipt.terms.sha256 else {
      return lacking("not all of the source was read in this run, so there is no hash", receipt)
    }
    do throws(Refusal) { try file.write(Manifest.line(hash, source)) } catch { return error }
    return nil
  }

  private func lacking(_ reason: String, _ receipt: Receipt) -> Refusal? {
    let refusal = Refusal("\(file.name): is not written: \(reason)")
    if receipt.exit == .good { return refusal }
    // The exit code says already that something is wrong, and what.
    StandardStreams.message(refusal.message)
    return nil
  }

  /// The line of sha256sum for a file. One that needs escapes is marked by a backslash in front of the hash.
  private static func line(_ hash: String, _ path: [UInt8]) -> [UInt8] {
    // That name alone is standard input to sha256sum.
    let path = path == Array("-".utf8) ? Array("./-".utf8) : path
    var name: [UInt8] = []
    for byte in path {
      switch byte {
      case UInt8(ascii: "\\"): name += Array("\\\\".utf8)
      case UInt8(ascii: "\n"): name += Array("\\n".utf8)
      case UInt8(ascii: "\r"): name += Array("\\r".utf8)
      default: name.append(byte)
      }
    }
    let mark = name.count == path.count ? "" : "\\"
    return Array("\(mark)\(hash)  ".utf8) + name + Array("\n".utf8)
  }
}
