internal import DMIO

/// The `await` door: a task for each runner.
extension Stable where Value == Runner {
  /// Runs all runners as tasks of the caller's executor, until each is done.
  static func runTasks(_ runners: [Stable<Runner>], _ client: BlockClient) async {
    await withDiscardingTaskGroup { group in
      for runner in runners { group.addTask { await runner.runTask(client) } }
    }
  }

  /// Makes one request after the other, until there are no more.
  private nonisolated(nonsending) func runTask(_ client: BlockClient) async {
    do throws(BlockError) {
      if pointee.regionCount == 1 {
        try await awaitOneRegion(client)
      } else {
        try await awaitRegions(client)
      }
    } catch {
      giveUp(error)
    }
  }

  private nonisolated(nonsending) func awaitOneRegion(_ client: BlockClient) async throws(BlockError) {
    let (operation, memory) = (pointee.operation, pointee.memory)
    var region = span[0]
    while prepare() {
      region.start = span[0].start
      settle(try await client.perform(operation, region, memory))
    }
  }

  private nonisolated(nonsending) func awaitRegions(_ client: BlockClient) async throws(BlockError) {
    let (operation, memory) = (pointee.operation, pointee.memory)
    var regions = span.indices.map { span[$0] }
    while prepare() {
      for index in regions.indices { regions[index].start = span[index].start }
      settle(try await client.perform(operation, regions, memory))
    }
  }
}
