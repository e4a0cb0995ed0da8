import DMIO

/// Puts bytes at the beginning of a buffer.
package func fill(_ buffer: inout PageBuffer, _ bytes: [UInt8]) {
  var span = buffer.mutableBytes
  span.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
}

/// The first bytes of a buffer.
package func contents(_ buffer: borrowing PageBuffer, _ count: Int) -> [UInt8] {
  buffer.bytes.withUnsafeBytes { Array($0.prefix(count)) }
}
