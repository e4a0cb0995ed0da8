/// The structure of a JSON document, checked before it is decoded: brackets, commas, colons, strings and keys.
///
/// The decoder of Foundation says neither where a document is wrong, nor that an object has a key twice, and lets a
/// comma before a bracket pass. This walk finds those, by line and column, and does not recurse: how deep a
/// document nests is its author's choice. What a number or an escaped character is worth, the decoder judges.
struct JSONOutline {
  /// How deep objects and arrays may nest; a fault plan needs four.
  static let depth = 16

  private enum Frame { case object(keys: Set<[UInt8]>), array }
  private enum Expectation: String {
    case value = "a value"
    case valueOrEnd = "a value or ']'"
    case key = "a key in quotes"
    case keyOrEnd = "a key in quotes or '}'"
    case colon = "':'"
    case commaOrEnd = "',' or the closing bracket"
    case end = "nothing more"
  }

  private let bytes: [UInt8]
  private var position = 0
  private var frames: [Frame] = []
  private var expected = Expectation.value

  /// Refuses a document that is not well formed.
  static func check(_ bytes: [UInt8]) throws(NameError) {
    var outline = JSONOutline(bytes)
    try outline.walk()
  }

  private init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private mutating func walk() throws(NameError) {
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "{"): try open(.object(keys: []), then: .keyOrEnd)
      case UInt8(ascii: "["): try open(.array, then: .valueOrEnd)
      case UInt8(ascii: "}"): try close(expected == .keyOrEnd || expected == .commaOrEnd && inObject)
      case UInt8(ascii: "]"): try close(expected == .valueOrEnd || expected == .commaOrEnd && !inObject)
      case UInt8(ascii: ":"): try step(from: expected == .colon, to: .value)
      case UInt8(ascii: ","): try step(from: expected == .commaOrEnd, to: inObject ? .key : .value)
      case UInt8(ascii: "\""): try string()
      default: try scalar()
      }
    }
    if expected != .end { throw wrong("the document ends too early, expected \(expected.rawValue)") }
  }

  private var inObject: Bool {
    if case .object = frames.last { return true }
    return false
  }

  private var wantsValue: Bool { expected == .value || expected == .valueOrEnd }

  private mutating func step(from allowed: Bool, to next: Expectation) throws(NameError) {
    if !allowed { throw wrong("expected \(expected.rawValue)") }
    expected = next
    position += 1
  }

  private mutating func open(_ frame: Frame, then next: Expectation) throws(NameError) {
    if wantsValue && frames.count == JSONOutline.depth {
      throw wrong("nested more than \(JSONOutline.depth) deep")
    }
    try step(from: wantsValue, to: next)
    frames.append(frame)
  }

  private mutating func close(_ allowed: Bool) throws(NameError) {
    try step(from: allowed, to: frames.count > 1 ? .commaOrEnd : .end)
    frames.removeLast()
  }

  private mutating func string() throws(NameError) {
    let isKey = expected == .key || expected == .keyOrEnd
    if !isKey && !wantsValue { throw wrong("expected \(expected.rawValue)") }
    let start = position + 1
    position = start
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] < 0x20 { throw wrong("a control character in a string, or a missing quote") }
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else {
      position = start - 1
      throw wrong("a string without its closing quote")
    }
    if isKey { try note(key: Array(bytes[start..<position])) }
    expected = isKey ? .colon : frames.isEmpty ? .end : .commaOrEnd
    position += 1
  }

  private mutating func note(key: [UInt8]) throws(NameError) {
    // Keys of a plan are plain words; an escape could only hide that one is there twice.
    if key.contains(UInt8(ascii: "\\")) { throw wrong("a backslash in a key") }
    guard case .object(var keys) = frames.popLast() else { preconditionFailure("a key is expected only in an object") }
    if !keys.insert(key).inserted {
      throw wrong("the key \(quoted(String(decoding: key, as: UTF8.self))) is there twice")
    }
    frames.append(.object(keys: keys))
  }

  private mutating func scalar() throws(NameError) {
    let token = bytes[position...].prefix { byte in
      byte > 0x20 && !"{}[]:,\"".utf8.contains(byte)
    }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let isNumber = token.first.map { $0 == UInt8(ascii: "-") || digits.contains($0) } ?? false
    let isWord = ["true", "false", "null"].contains { token.elementsEqual($0.utf8) }
    guard wantsValue, isNumber || isWord else {
      throw wrong("unexpected \(quoted(String(decoding: token, as: UTF8.self))), expected \(expected.rawValue)")
    }
    expected = frames.isEmpty ? .end : .commaOrEnd
    position += token.count
  }

  private func wrong(_ what: String) -> NameError {
    let before = bytes.prefix(position)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
    return NameError("line \(line), column \(column): \(what)")
  }
}
