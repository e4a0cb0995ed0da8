import DMIO
import DMIOCopy
import DMIOTestSupport
import Foundation
import Testing

/// Making a copy client where the system has little to give.
@Suite(.timeLimit(.minutes(10))) struct FewDescriptorsTests {
  @Test("with however few descriptors, a client is made and carries out what it is given, or is refused")
  func made() async {
    await #expect(processExitsWith: .success) {
      func limit(to count: rlim_t) {
        var limits = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        limits.rlim_cur = count
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
      }
      let device = try BlockDevice.ram(bytes: 1 << 20)
      var made = 0
      for left in 0..<16 {
        limit(to: rlim_t((0..<1024).filter { fcntl(Int32($0), F_GETFD) < 0 }[left]))
        do throws(BlockError) {
          let client = try CopyClient(chunks: 1, chunkBytes: 64 << 10)
          // The thread of a client that was made takes what comes; else this never ends.
          let ended = Box(false)
          try client.copy(Region(device, start: 0, count: 128), to: [Region(device, start: 128, count: 128)]) { _ in
            ended.change { $0 = true }
          }
          ended.wait { $0 }
          try client.close()
          made += 1
        } catch {
          guard error.errno == .EMFILE else { exit(2) }
        }
        limit(to: 1024)
      }
      exit(made > 0 && made < 16 ? 0 : 3)
    }
  }
}
