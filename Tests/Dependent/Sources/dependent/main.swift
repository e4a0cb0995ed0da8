import DMIO

let client = try BlockClient()
let disk = try BlockDevice.ram(bytes: 1 << 20)
let bytes = [UInt8](repeating: 0x5A, count: 4096)
let result = try await client.write([Region(disk, start: 0, count: 8)], from: bytes.span.bytes)
guard result.isSuccess else { fatalError("a write to memory failed") }
print("written")
