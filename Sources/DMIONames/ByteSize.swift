internal import DMIO

/// A number of bytes as people write and read it.
///
/// A bare number counts bytes. `k K Ki KiB`, `M Mi MiB`, `G Gi GiB` and so on to `E` are powers of 1024;
/// `kB MB GB TB PB EB` are powers of 1000; `s` is a sector of 512 bytes. There are no signs, spaces, fractions or
/// other units.
///
///     try ByteSize(parsing: "2048s").bytes  // 1_048_576
public struct ByteSize: Sendable, Hashable {
  /// The number of bytes.
  public let bytes: UInt64

  /// The most bytes that can be written: what a file's offset can hold, 2⁶³ − 1.
  public static let maximum = UInt64(Int64.max)

  /// The size of `bytes` bytes.
  public init(bytes: UInt64) { self.bytes = bytes }

  /// The size that `text` writes.
  ///
  /// - Throws: `NameError` for anything else than digits and one of the units, and for more than `maximum`.
  public init(parsing text: String) throws(NameError) {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let unit = String(Substring(text.utf8.dropFirst(digits.count)))
    guard !digits.isEmpty, let factor = ByteSize.factor(of: unit) else {
      throw NameError(ByteSize.refusal(of: text, digits: digits.count, unit: unit))
    }
    var number: UInt64 = 0
    for digit in digits {
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      if overflow || carry { throw ByteSize.tooLarge(text) }
      number = sum
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
    if overflow || bytes > ByteSize.maximum { throw ByteSize.tooLarge(text) }
    self.bytes = bytes
  }

  /// The exact size in the shortest form that `init(parsing:)` takes: `64MiB`, `1000`.
  public var operand: String {
    for power in stride(from: 6, to: 0, by: -1) where bytes != 0 && bytes % (1 << UInt64(10 * power)) == 0 {
      return "\(bytes >> UInt64(10 * power))\(ByteSize.letters[power - 1])iB"
    }
    return "\(bytes)"
  }

  private static let letters = ["K", "M", "G", "T", "P", "E"]

  /// Bytes in one unit; nil for an unknown one. ASCII alone is looked at, since the Kelvin sign equals K in Swift.
  ///
  /// Not looked up in a table that the first call makes: a fork may come meanwhile.
  private static func factor(of unit: String) -> UInt64? {
    guard unit.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    switch unit {
    case "": return 1
    case "s": return UInt64(Limits.sectorBytes)
    case "k": return 1024
    case "kB": return 1000
    default: break
    }
    var (binary, decimal): (UInt64, UInt64) = (1, 1)
    for letter in letters {
      (binary, decimal) = (binary * 1024, decimal * 1000)
      if unit == letter || unit == letter + "i" || unit == letter + "iB" { return binary }
      if unit == letter + "B", letter != "K" { return decimal }
    }
    return nil
  }

  private static func tooLarge(_ text: String) -> NameError {
    NameError("size \(quoted(text)) is too large; the most is \(maximum) bytes, just below 8EiB")
  }

  private static func refusal(of text: String, digits: Int, unit: String) -> String {
    if text.isEmpty { return "the size is empty; write a number with a unit, such as 64MiB" }
    if text.utf8.first == UInt8(ascii: "-") {
      return "size \(quoted(text)) is negative; a size or offset counts from 0"
    }
    if digits == 0 { return "size \(quoted(text)) does not start with a digit; write it as 1048576, 1MiB or 2048s" }
    if unit == "b" {
      return "size \(quoted(text)): 'b' means different things to different tools; "
        + "write s for sectors of 512 bytes, or no unit for bytes"
    }
    if unit.utf8.first == UInt8(ascii: ".") {
      return "size \(quoted(text)) has a fraction; write a whole number of a smaller unit, such as 1536KiB"
    }
    return "size \(quoted(text)): unknown unit \(quoted(unit)); there are K M G T P E with or without i or iB "
      + "(powers of 1024), kB MB GB TB PB EB (powers of 1000), s (512-byte sectors) and no unit (bytes)"
  }
}

extension ByteSize: CustomStringConvertible {
  /// The size for people, in the largest unit that it fills: `64 MiB` when exact, else with one decimal, cut and
  /// not rounded up: `1.4 MiB`, `2.0 GiB`; below 1 KiB `512 B`.
  public var description: String {
    for power in stride(from: 6, to: 0, by: -1) {
      let unit: UInt64 = 1 << UInt64(10 * power)
      let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
      if whole == 0 { continue }
      let decimals = rest == 0 ? "" : ".\(rest * 10 / unit)"
      return "\(whole)\(decimals) \(ByteSize.letters[power - 1])iB"
    }
    return "\(bytes) B"
  }
}
