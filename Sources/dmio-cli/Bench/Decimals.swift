/// A number of at least 0 with so many digits behind the point.
func fixedPoint(_ value: Double, _ digits: Int) -> String {
  precondition(value >= 0 && value.isFinite && digits >= 0, "only what was counted or measured is written")
  var factor = 1.0
  for _ in 0..<digits { factor *= 10 }
  // Beyond this nobody needs the digits, and 64 bits do not hold them.
  guard value * factor < 1e18 else { return "\(value)" }
  let scaled = UInt64((value * factor).rounded())
  guard digits > 0 else { return String(scaled) }
  let (whole, rest) = scaled.quotientAndRemainder(dividingBy: UInt64(factor))
  let fraction = String(rest)
  return "\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A whole number with its digits in groups of three: `1,234,567`.
func grouped(_ value: Double) -> String {
  let digits = Array(fixedPoint(value, 0))
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text += "," }
    text.append(digit)
  }
  return text
}

/// A number in three digits and the letter of its size: `2.91 M`, `350 k`, `12.5`.
func short(_ value: Double) -> String {
  let sizes: [(Double, String)] = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
  for (size, letter) in sizes where value >= size * 0.9995 { return threeDigits(value / size) + letter }
  return threeDigits(value)
}

/// A time in three digits and its unit, from microseconds: `850 ns`, `11.2 µs`, `1.5 ms`, `2 s`.
func shortTime(microseconds: Double) -> String {
  if microseconds == 0 { return "0" }
  let units: [(Double, String)] = [(1e6, " s"), (1e3, " ms"), (1, " µs")]
  for (size, unit) in units where microseconds >= size * 0.9995 { return threeDigits(microseconds / size) + unit }
  return threeDigits(microseconds * 1000) + " ns"
}

/// A number from 0 to 1000 in at most three digits, without zeros at the end.
private func threeDigits(_ value: Double) -> String {
  withoutZeros(fixedPoint(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2))
}

/// A number with at most three digits behind the point.
func plain(_ value: Double) -> String { withoutZeros(fixedPoint(value, 3)) }

private func withoutZeros(_ number: String) -> String {
  var text = number
  guard text.contains(".") else { return text }
  while text.last == "0" { text.removeLast() }
  if text.last == "." { text.removeLast() }
  return text
}
