/// The parts of an operand between its single commas; a doubled comma is one comma of the part it stands in.
///
/// Read from left to right, so that `a,,,b` is the parts `a,` and `b`. There is always at least one part. It goes by
/// bytes: to Swift a comma and a combining accent after it are one character, to an operand they are two.
func partsBetweenCommas(_ text: String) -> [String] {
  let comma = UInt8(ascii: ",")
  var parts: [String] = []
  var part: [UInt8] = []
  var pending = false
  for byte in text.utf8 {
    if byte == comma && !pending {
      pending = true
      continue
    }
    if pending && byte != comma {
      parts.append(String(decoding: part, as: UTF8.self))
      part = []
    }
    pending = false
    part.append(byte)
  }
  parts.append(String(decoding: part, as: UTF8.self))
  if pending { parts.append("") }
  return parts
}

/// The name with each comma doubled, as it stands in an operand.
func doublingCommas(_ name: String) -> String {
  let comma = UInt8(ascii: ",")
  return String(decoding: name.utf8.flatMap { $0 == comma ? [comma, comma] : [$0] }, as: UTF8.self)
}
