import DMIO

/// Puts bytes at the beginning of a buffer.
package func fill(_ buffer: inout PageBuffer, _ bytes: [UInt8]) {
  var span = buffer.mutableBytes
  for index in bytes.indices { span.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self) }
}

/// The first bytes of a buffer.
package func contents(_ buffer: borrowing PageBuffer, _ count: Int) -> [UInt8] {
  buffer.bytes.withUnsafeBytes { Array($0.prefix(count)) }
}
