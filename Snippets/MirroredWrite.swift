// Write the same bytes to two files at once, and say which of them failed, why and where.
import DMIO

let client = try BlockClient()
let disks = try CommandLine.arguments.dropFirst().map { try BlockDevice.open($0) }
let bytes = [UInt8](repeating: 0x5A, count: 1 << 20)

let result = try await client.write(disks.map { Region($0, start: 0, count: 2048) }, from: bytes.span.bytes)
for index in result.errors.indices {
  guard let failure = result.failure(of: index) else { continue }
  print("\(disks[index].name): sector \(failure.sector): \(failure.errno.message)")
}
print("durable: \(try await client.flush(disks).isSuccess)")
