internal import CDMIOSystem

/// Forks between the program's first process and this one: what was made before a fork is of no use in the child, where
/// the threads and the ring behind it are not.
package enum Forks {
  /// How many there were.
  package static var count: UInt32 { dmio_forks() }

  /// Runs `use` once in a process, while no fork can come; a call inside of it returns at once.
  ///
  /// What the Swift runtime makes when it is needed first, it makes behind locks that a forked child would find held for ever.
  package static func useFirst(_ use: @convention(c) () -> Void) { dmio_use_first(use) }
}
