/// A unit in which numbers of bytes are written beside an axis.
struct ByteUnit {
  let name: String
  let bytes: Double

  /// The unit in which a number of bytes is below a few thousand.
  init(for bytes: Double) {
    let units = [("KiB", 1024.0), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("TiB", 1_099_511_627_776)]
    (name, self.bytes) = units.last { bytes >= $0.1 } ?? units[0]
  }

  /// The number in this unit.
  func text(_ bytes: Double) -> String { "\(short(bytes / self.bytes)) \(name)" }
}
