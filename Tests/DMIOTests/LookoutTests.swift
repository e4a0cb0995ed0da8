import DMIOTestSupport
import Glibc
import Synchronization
import Testing

@testable import DMIO

/// Threads that stop polling a shared client while there is more to come: docs/design/0006-leader-and-follower.md.
@Suite struct LookoutTests {
  @Test(
    "a thread that was served by another one while it was on the lookout leaves that to somebody",
    arguments: Way.engines)
  func served(engine: EngineChoice) throws {
    let (ram, page) = (try BlockDevice.ram(bytes: 1 << 16), Bytes(.contiguous(shift: 0), count: 4096))
    let late = try BlockDevice.fault(ram, FaultPlan(rules: [.init(action: .delay, delayMilliseconds: 30)]))
    let client = try BlockClient(pages: 4, engine: engine)
    let attendance = client.state.pointee.attendance
    for _ in 0..<20 {
      let (isWritten, isOver) = (Box(false), Box(false))
      try client.submit(.write, [Region(late, start: 0, count: 8)], page.memory) { _ in isOver.change { $0 = true } }
      let onLookout = OwnThread {
        do { try client.poll(wait: true) } catch { Issue.record(error) }
      }
      // Nobody but the one on the lookout is awake, or it is too late for this round.
      while !isOver.value, !attendance.pointee.isServiceAsleep.load(ordering: .sequentiallyConsistent) { sched_yield() }
      try client.submit(.write, [Region(ram, start: 8, count: 8)], page.memory) { _ in isWritten.change { $0 = true } }
      while !isWritten.value { try client.poll(wait: false) }
      onLookout.join()
      isOver.wait { $0 }
    }
  }
}
