internal import DMIO
internal import DMIOCopy

#if Hash
  internal import Crypto
#endif

/// The hash of a source, made while it is copied, in the order of its bytes.
final class Hashing {
  #if Hash
    private var hash = SHA256()
  #endif
  private var taken: UInt64 = 0
  private static let zeros = [UInt8](repeating: 0, count: 1 << 20)

  /// Refuses where the tool was built without the library that makes hashes.
  init() throws(Refusal) {
    #if !Hash
      throw Refusal("--hash: this dmio was built without hashes (the trait Hash)", exit: .usage)
    #endif
  }

  /// Takes the next piece of the source; without a chunk, zeros.
  func take(_ range: Range<UInt64>, _ chunk: Chunk?, _ source: CopySource) {
    var count = source.bytes(in: range)
    taken += count
    if let chunk {
      return unsafe chunk.withBytes(0..<Int(count)) { unsafe update(UnsafeRawBufferPointer($0)) }
    }
    while count > 0 {
      let part = min(count, UInt64(Hashing.zeros.count))
      unsafe Hashing.zeros.withUnsafeBytes { unsafe update(UnsafeRawBufferPointer(rebasing: $0[..<Int(part)])) }
      count -= part
    }
  }

  private func update(_ bytes: UnsafeRawBufferPointer) {
    #if Hash
      unsafe hash.update(bufferPointer: bytes)
    #endif
  }

  /// The hash in hexadecimal; nil unless all bytes were taken.
  func text(of source: CopySource) -> String? {
    #if Hash
      guard taken == source.bytes else { return nil }
      return hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    #else
      return nil
    #endif
  }
}
