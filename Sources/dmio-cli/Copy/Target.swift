internal import DMIO
internal import DMIOCopy

/// A target of a run, as it was named and opened.
final class Target {
  let name: String
  let isDirect: Bool
  /// Why it is written past the page cache, or not.
  let directReason: String
  /// What is written, and what became of it.
  let copy: CopyTarget

  init(name: String, isDirect: Bool, directReason: String, copy: CopyTarget) {
    self.name = name
    self.isDirect = isDirect
    self.directReason = directReason
    self.copy = copy
  }
}
