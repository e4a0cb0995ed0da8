internal import DMIO

/// The runners of one thread, and the memory that their requests use.
@safe
final class Runners {
  /// How many there are.
  let count: Int
  private let runners: UnsafeMutablePointer<Runner>
  private let regions: UnsafeMutablePointer<Region>
  private let failures: UnsafeMutablePointer<RegionFailure>
  private let regionCount: Int
  private let bytes: BenchBytes

  /// Makes the plan's runners for a thread.
  init(
    _ plan: BenchPlan, _ device: BenchDevice, _ thread: Stable<BenchThread>, _ client: BlockClient
  ) throws(BlockError) {
    count = plan.depth
    regionCount = plan.depth * plan.regions
    bytes = try BenchBytes(plan, client)
    unsafe regions = .allocate(capacity: regionCount)
    let region = Region(device.opened.device, start: 0, count: UInt64(plan.blockSectors))
    unsafe regions.initialize(repeating: region, count: regionCount)
    unsafe failures = .allocate(capacity: regionCount)
    unsafe failures.initialize(repeating: RegionFailure(errno: .EIO, sector: 0), count: regionCount)
    assert(MemoryLayout<Runner>.stride % 64 == 0, "a runner begins with a cache line")
    unsafe runners = UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Runner>.stride, alignment: 64)
      .bindMemory(to: Runner.self, capacity: count)
    for index in 0..<count {
      let first = index * plan.regions
      unsafe (runners + index).initialize(
        to: Runner(
          thread: thread, client: client, operation: plan.operation.operation, regionCount: plan.regions,
          regions: regions + first, memory: bytes.memory(index), returns: thread.pointee.returns,
          failures: device.canFail ? failures + first : nil))
    }
  }

  deinit {
    unsafe runners.deinitialize(count: count).deallocate()
    unsafe regions.deinitialize(count: regionCount).deallocate()
    unsafe failures.deallocate()
  }

  /// The runner `index`; valid while this holder lives.
  subscript(_ index: Int) -> Stable<Runner> {
    precondition(index >= 0 && index < count, "there are \(count) runners")
    return unsafe Stable(runners + index)
  }
}
