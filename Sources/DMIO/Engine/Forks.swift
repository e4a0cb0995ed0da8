internal import CDMIOSystem

/// Forks between the program's first process and this one: what was made before a fork is of no use in the child, where
/// the threads and the ring behind it are not.
package enum Forks {
  /// How many there were.
  package static var count: UInt32 { dmio_forks() }
}
