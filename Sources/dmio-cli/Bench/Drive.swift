internal import DMIO

/// What every thread of a bench does, watched or not.
extension Stable where Value == BenchThread {
  /// Sends requests until the end, through the door that is measured.
  func drive(_ plan: BenchPlan, _ client: BlockClient, _ runners: Runners) {
    pointee.begin(at: Clock.now)
    do throws(BlockError) {
      switch (plan.door, plan.isShared) {
      case (.callback, false): try driveByCallbacks(client, runners)
      case (.closure, false): try driveByClosures(client, runners)
      case (.async, false): try driveByTasks(client, runners)
      case (.batch, _): try driveByBatches(client, runners)
      case (.blocking, _): try driveByCalls(client, runners)
      case (.callback, true): try shareByCallbacks(client, runners)
      case (.closure, true): try shareByClosures(client, runners)
      case (.async, true): shareByTasks(client, runners)
      }
    } catch {
      pointee.trouble = error
    }
    pointee.ended = Clock.now
  }
}
