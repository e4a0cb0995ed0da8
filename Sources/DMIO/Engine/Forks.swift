internal import CDMIOSystem

/// Forks between the process that first asked and this one: what was made before a fork is of no use in the child, where
/// the threads and the ring behind it are not.
package enum Forks {
  private static let isCounting: Void = dmio_forks_watch()

  /// How many there were. Counting begins with the first that asks, which is who makes something that a fork spoils.
  package static var count: UInt32 {
    _ = isCounting
    return dmio_forks()
  }
}
