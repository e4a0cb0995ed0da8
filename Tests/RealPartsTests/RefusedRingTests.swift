import DMIO
import Foundation
import HostParts
import Testing

/// What a container or a small machine does: the kernel refuses io_uring.
@Suite struct RefusedRingTests {
  private static let variable = "DMIO_TEST_REFUSED_RING"
  private static let expected = ProcessInfo.processInfo.environment[variable]

  /// Whether a process of ours can be traced here.
  private static let canTrace = Host.run("strace", "-o", "/dev/null", "true").status == 0

  @Test(
    "the client falls back to threads and says why",
    .enabled(if: canTrace, "strace cannot trace here"), .enabled(if: expected == nil, "this is the traced process"),
    arguments: ["EPERM", "ENOSYS", "ENOMEM"])
  func refused(errno: String) throws {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let child = Host.run(
      "env", "\(RefusedRingTests.variable)=\(errno)", "ASAN_OPTIONS=detect_leaks=0",
      "strace", "-f", "-o", "/dev/null", "-e", "trace=io_uring_setup", "-e", "inject=io_uring_setup:error=\(errno)",
      own, "--testing-library", "swift-testing", "--filter", "RefusedRingTests/traced")
    #expect(child.status == 0, "\(child.text)")
    #expect(child.text.contains("traced: \(errno) seen"), "\(child.text)")
  }

  @Test("io_uring is refused here", .enabled(if: expected != nil, "part of another test, run by it under strace"))
  func traced() throws {
    let errno = try #require(RefusedRingTests.expected.flatMap { Errno(name: $0) })
    for kind in [BlockClient.Kind.shared, .driven] {
      let client = try BlockClient(pages: 4, kind: kind)
      #expect(client.engine.kind == .threads)
      #expect(client.engine.reason.hasPrefix("io_uring: "))
      let reasons: [Errno: String] = [.EPERM: "not permitted", .ENOSYS: "not in this kernel", .ENOMEM: "ulimit -l"]
      #expect(client.engine.reason.contains(reasons[errno] ?? "?"))
      let path = try Host.newFile("refused", bytes: 1 << 20)
      let device = try BlockDevice.open(path, FileOptions(isDirect: true))
      #expect(client.lane(of: device) == client.engine)
      let block = Block(count: 64 << 10, 0x42)
      let regions = [Region(device, start: 0, count: 128), Region(device, start: 512, count: 128)]
      #expect(try block.perform(client, .write, regions).isSuccess)
      let back = Block(count: 64 << 10, 0)
      #expect(try back.perform(client, .read, [regions[1]]).isSuccess)
      #expect(back.isAll(0x42))
      #expect(try client.flushBlocking([device]).isSuccess)
      do throws(BlockError) {
        _ = try BlockClient(pages: 4, kind: kind, engine: .uring)
        Issue.record("a ring was made")
      } catch {
        #expect(error.errno == errno)
      }
    }
    print("traced: \(errno) seen")
  }
}
