internal import DMIO

/// Whether a device is opened past the page cache (O_DIRECT).
public enum DirectMode: String, Sendable, Hashable, CaseIterable {
  /// Where open and a probe allow it; elsewhere buffered, and the reason is reported.
  case auto
  /// Always; where it cannot be had, opening fails.
  case on
  /// Never.
  case off
}

/// A region as it is named on the command line: `DEVICE,offset=2048s,size=8MiB,direct=on`.
///
/// The `key=value` parts may be left out and come in any order, each once, after the device; they belong to the
/// whole operand, also where the device is a `fault:` with others in it. Offset and size are in bytes, multiples of
/// 512.
public struct RegionOperand: Sendable, Hashable {
  /// The device.
  public var device: DeviceName
  /// Bytes from the device's start to the region's, a multiple of 512; nil where none was named, which means 0.
  public var namedOffset: UInt64?
  /// Bytes in the region, a multiple of 512; nil for all up to the device's end.
  public var size: UInt64?
  /// How the device is opened.
  public var direct: DirectMode

  /// A region of a device; all of it, unless told otherwise.
  public init(device: DeviceName, offset: UInt64? = nil, size: UInt64? = nil, direct: DirectMode = .auto) {
    self.device = device
    namedOffset = offset
    self.size = size
    self.direct = direct
  }

  /// Bytes from the device's start to the region's.
  public var offset: UInt64 { namedOffset ?? 0 }

  /// The region that `text` names.
  ///
  /// - Throws: `NameError` when the device is none, for a key that is unknown or given twice, for an offset or size
  ///   that is no multiple of 512, and for a region that ends beyond `ByteSize.maximum`.
  public init(parsing text: String) throws(NameError) {
    var parts = partsBetweenCommas(text)[...]
    self.init(device: try DeviceName(taking: &parts))
    var seen: Set<String> = []
    for part in parts {
      let (key, value) = try RegionOperand.keyAndValue(of: part)
      if !seen.insert(key).inserted { throw NameError("'\(key)=' is given twice; leave one out") }
      switch key {
      case "offset": namedOffset = try RegionOperand.sectors(value, key)
      case "size": size = try RegionOperand.sectors(value, key)
      default: direct = try RegionOperand.directMode(value)
      }
    }
    if let size, offset > ByteSize.maximum - size {
      throw NameError("offset \(offset) plus size \(size) is more than \(ByteSize.maximum) bytes; make one smaller")
    }
  }

  private static func keyAndValue(of part: String) throws(NameError) -> (String, String) {
    let doubling = "a ',' that belongs to the name is doubled: ',,\(shortened(part))'"
    let bytes = part.utf8
    guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else {
      throw NameError("\(quoted(part)) after ',' is not offset=, size= or direct=; \(doubling)")
    }
    let key = String(Substring(bytes[..<equals]))
    guard let known = regionKeys.first(where: { $0.utf8.elementsEqual(key.utf8) }) else {
      throw NameError("unknown key \(quoted(key)); there are offset=, size= and direct=; \(doubling)")
    }
    return (known, String(Substring(bytes[bytes.index(after: equals)...])))
  }

  private static func sectors(_ value: String, _ key: String) throws(NameError) -> UInt64 {
    let bytes: UInt64
    do { bytes = try ByteSize(parsing: value).bytes } catch { throw NameError("\(key)=: \(error.message)") }
    let (sector, name) = (UInt64(Limits.sectorBytes), quoted("\(key)=\(value)"))
    guard bytes.isMultiple(of: sector) else {
      throw NameError("\(name) is no multiple of \(sector) bytes; the sector before it is \(key)=\(bytes / sector)s")
    }
    return bytes
  }

  private static func directMode(_ value: String) throws(NameError) -> DirectMode {
    guard let mode = DirectMode.allCases.first(where: { $0.rawValue.utf8.elementsEqual(value.utf8) }) else {
      throw NameError("\(quoted("direct=\(value)")): write direct=auto, direct=on or direct=off")
    }
    return mode
  }
}

extension RegionOperand: CustomStringConvertible {
  /// The operand that parses to this value, without what is left at its default; not escaped for a terminal.
  public var description: String {
    var text = device.description
    if let namedOffset { text += ",offset=" + ByteSize(bytes: namedOffset).operand }
    if let size { text += ",size=" + ByteSize(bytes: size).operand }
    if direct != .auto { text += ",direct=" + direct.rawValue }
    return text
  }
}
