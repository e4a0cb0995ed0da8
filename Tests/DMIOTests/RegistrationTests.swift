import DMIO
import DMIOTestSupport
import Glibc
import Testing

/// Memory and files that the ring knows beforehand.
@Suite struct RegistrationTests {
  @Test("registered pages carry the same bytes, scattered or not, large or small", arguments: Way.all)
  func sameBytes(way: Way) throws {
    let client = try BlockClient(pages: 16, kind: way.kind, engine: way.engine, registeredPages: 1024)
    #expect(client.registration.pages == 1024)
    #expect(client.registration.registeredPages == (way.engine == .uring ? 1024 : 0))
    let disk = try TemporaryDisk(bytes: 8 << 20)
    let rig = Rig(way, client)
    for isDirect in [true, false] {
      let device = try disk.open(direct: isDirect)
      for pages in isSanitized ? [1, 8, 300] : [1, 7, 8, 256, 300] {
        let bytes = pattern(pages * 4096, UInt64(pages))
        var buffer = try PageBuffer(pages: pages, of: client)
        fill(&buffer, bytes)
        let region = Region(device, start: 0, count: UInt64(pages * 8))
        let second = Region(device, start: 4096, count: UInt64(pages * 8))
        #expect(try rig.perform(.write, [region, second], buffer.memory) == .success)
        let areSame = disk.contents(0, bytes.count) == bytes && disk.contents(4096 * 512, bytes.count) == bytes
        #expect(areSame, "\(pages) pages")
        fill(&buffer, [UInt8](repeating: 0, count: bytes.count))
        #expect(try rig.perform(.read, [region], buffer.memory) == .success)
        let isSame = contents(buffer, bytes.count) == bytes
        #expect(isSame, "\(pages) pages")
        var list = try PageList(count: pages, of: client)
        #expect(try rig.perform(.read, [region], list.memory()) == .success)
        for page in 0..<pages {
          let got = list.withPage(page) { span in span.withUnsafeBytes { Array($0) } }
          let isSame = got == Array(bytes[page * 4096..<(page + 1) * 4096])
          #expect(isSame, "page \(page) of \(pages)")
        }
        #expect(try rig.perform(.write, [second], list.memory()) == .success)
        let isWritten = disk.contents(4096 * 512, bytes.count) == bytes
        #expect(isWritten, "\(pages) pages")
      }
    }
  }

  @Test("pages are zero when they are taken, come back when they are let go, and run out with ENOMEM")
  func takingPages() throws {
    let client = try BlockClient(pages: 1, kind: .driven, registeredPages: 32)
    for _ in 0..<3 {
      var first = try PageBuffer(pages: 20, of: client)
      #expect(contents(first, 20 * 4096).allSatisfy { $0 == 0 })
      fill(&first, [UInt8](repeating: 1, count: 20 * 4096))
      let list = try PageList(count: 12, of: client)
      #expect(throws: BlockError.self) { _ = try PageBuffer(pages: 1, of: client) }
      #expect(throws: BlockError.self) { _ = try PageList(count: 1, of: client) }
      _ = consume list
      #expect(throws: BlockError.self) { _ = try PageList(count: 13, of: client) }
      _ = try PageList(count: 12, of: client)
    }
    #expect(throws: BlockError.self) { _ = try PageBuffer(pages: 33, of: client) }
    #expect(throws: BlockError.self) { _ = try PageBuffer(pages: 0, of: client) }
    #expect(throws: BlockError.invalid(.reservation)) { _ = try BlockClient(registeredPages: -1) }
    #expect(throws: BlockError.invalid(.reservation)) { _ = try BlockClient(registeredPages: .max) }
  }

  @Test("pages are zero, whether all, some or none of them were another's before") func usedAndFresh() throws {
    let client = try BlockClient(pages: 1, kind: .driven, registeredPages: 32)
    for pages in [8, 32, 32, 4] {
      var buffer = try PageBuffer(pages: pages, of: client)
      let isZero = contents(buffer, pages * 4096).allSatisfy { $0 == 0 }
      #expect(isZero, "\(pages) pages")
      fill(&buffer, [UInt8](repeating: 1, count: pages * 4096))
    }
  }

  @Test(
    "reserved memory asks for huge pages",
    .enabled(if: access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0))
  func hugePages() throws {
    let client = try BlockClient(pages: 1, kind: .driven, registeredPages: 512)
    let buffer = try PageBuffer(pages: 1, of: client)
    let address = buffer.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    #expect(mappingFlags(at: address).contains("hg"))
  }

  @Test("a buffer outlives the client whose pages it has") func outlives() throws {
    var buffer = try PageBuffer(pages: 4, of: try BlockClient(pages: 1, registeredPages: 16))
    fill(&buffer, pattern(16_384, 3))
    let disk = try TemporaryDisk(bytes: 1 << 20)
    let other = try BlockClient(pages: 1, registeredPages: 16)
    let result = try other.writeBlocking([Region(try disk.open(), start: 0, count: 32)], from: buffer)
    #expect(result.isSuccess && disk.contents(0, 16_384) == pattern(16_384, 3))
  }

  // Both in a process of their own: a test beside them that starts a program holds all files for a moment, too.

  @Test("a client that ends lets go of a file at once, and of the device with it") func endOfClient() async {
    await #expect(processExitsWith: .success) {
      let disk = try TemporaryDisk(bytes: 1 << 16)
      let page = try PageBuffer(pages: 1)
      for _ in 0..<50 {
        do {
          let client = try BlockClient(pages: 1, kind: .driven, engine: .uring)
          let device = try disk.open()
          let regions = [Region(device, start: 0, count: 8), Region(device, start: 8, count: 8)]
          #expect(try client.writeBlocking(regions, from: page).isSuccess)
        }
        // Device and client are gone, and with them every hold on the file.
        let descriptor = Glibc.open(disk.path, O_RDWR)
        #expect(fcntl(descriptor, setLease, F_WRLCK) == 0)
        Glibc.close(descriptor)
      }
      _ = consume page
    }
  }

  @Test("a closed device's file is given up, though the client goes on") func fileIsGivenUp() async {
    await #expect(processExitsWith: .success) {
      for kind in [BlockClient.Kind.shared, .driven] {
        let disk = try TemporaryDisk(bytes: 1 << 16)
        let client = try BlockClient(pages: 1, kind: kind, engine: .uring)
        let page = try PageBuffer(pages: 1)
        let device = try disk.open()
        // Two regions: the ring's way, not the calling thread's.
        let regions = [Region(device, start: 0, count: 8), Region(device, start: 8, count: 8)]
        #expect(try client.writeBlocking(regions, from: page).isSuccess)
        let descriptor = Glibc.open(disk.path, O_RDWR)
        defer { Glibc.close(descriptor) }
        // A write lease is granted only to who alone has the file open.
        #expect(fcntl(descriptor, setLease, F_WRLCK) == -1 && errno == EAGAIN)
        device.close()
        // Behind the client's thread, if it has one of its own.
        _ = try client.reservedPages
        #expect(fcntl(descriptor, setLease, F_WRLCK) == 0)
        #expect(try client.writeBlocking(regions, from: page).errors.rawValue == 3)
        _ = fcntl(descriptor, setLease, F_UNLCK)
        let again = try disk.open()
        #expect(try client.writeBlocking([Region(again, start: 0, count: 8)], from: page).isSuccess)
        _ = consume page
      }
    }
  }
}

/// `F_SETLEASE`, which Swift does not import.
private let setLease: Int32 = 1024

/// What the kernel says of the mapping that `address` lies in.
private func mappingFlags(at address: UInt) -> [Substring] {
  guard let file = fopen("/proc/self/smaps", "re") else { return [] }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 4096)
  var isInside = false
  while fgets(&line, Int32(line.count), file) != nil {
    let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace)
    let ends = words.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
    if ends.count == 2 { isInside = (ends[0]..<ends[1]).contains(address) }
    if isInside, words.first == "VmFlags:" { return Array(words.dropFirst()) }
  }
  return []
}
