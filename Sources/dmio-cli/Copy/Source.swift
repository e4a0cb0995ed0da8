internal import DMIO
internal import DMIOCopy

/// The source of a run, as it was named and opened.
final class Source {
  let name: String
  let isDirect: Bool
  /// Why it is read past the page cache, or not.
  let directReason: String
  /// True when everything up to the end of the file is copied.
  let isToTheEnd: Bool
  /// What is copied, and what became of it.
  let copy: CopySource

  init(name: String, isDirect: Bool, directReason: String, isToTheEnd: Bool = false, copy: CopySource) {
    self.name = name
    self.isDirect = isDirect
    self.directReason = directReason
    self.isToTheEnd = isToTheEnd
    self.copy = copy
  }
}
