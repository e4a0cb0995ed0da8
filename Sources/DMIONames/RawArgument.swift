/// Command-line arguments as text, without losing a byte of those that are not UTF-8.
///
/// Linux names files by bytes, Swift by Unicode. A byte that is not part of valid UTF-8 becomes one scalar of a
/// private-use range: 0x80 becomes U+F780, and so on to 0xFF, which becomes U+F7FF. Text that holds scalars of
/// that range already is treated as if its three UTF-8 bytes were invalid, so that each gives three scalars:
/// the way back never has to guess, and `bytes(of: text(of: x)) == x` for every x.
///
/// Such text can be cut and joined at ASCII characters, which is all that parsing does. Text that did not come
/// from `text(of:)` and holds a scalar of the range names the single byte that the scalar stands for.
public enum RawArgument {
  /// The scalars that stand for the bytes 0x80 to 0xFF.
  static let scalars: ClosedRange<UInt32> = 0xF780...0xF7FF

  /// The text that stands for `bytes`: the same text where they are UTF-8 without scalars of the private range.
  ///
  /// - Complexity: O(n) in the number of bytes.
  public static func text(of bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var parser = Unicode.UTF8.ForwardParser()
    var source = bytes.makeIterator()
    var position = 0
    while true {
      let length: Int
      switch parser.parseScalar(from: &source) {
      case .emptyInput: return String(text)
      case .error(let count): length = count
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        if !scalars.contains(scalar.value) {
          text.append(scalar)
          position += encoded.count
          continue
        }
        length = encoded.count
      }
      for byte in bytes[position..<position + length] { text.append(standIn(for: byte)) }
      position += length
    }
  }

  /// The bytes that `text` stands for: what open(2) is to be given, without the closing zero.
  ///
  /// - Complexity: O(n) in the length of the text.
  public static func bytes(of text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      if let byte = byte(behind: scalar) {
        bytes.append(byte)
      } else {
        bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
      }
    }
    return bytes
  }

  /// The byte that a scalar of the private range stands for; nil for any other scalar.
  static func byte(behind scalar: Unicode.Scalar) -> UInt8? {
    scalars.contains(scalar.value) ? UInt8(truncatingIfNeeded: scalar.value) : nil
  }

  private static func standIn(for byte: UInt8) -> Unicode.Scalar {
    assert(byte >= 0x80, "ASCII is always valid UTF-8")
    return Unicode.Scalar(UInt32(0xF700) | UInt32(byte)) ?? "\u{FFFD}"
  }
}
