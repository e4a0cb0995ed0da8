/// Two lines of a document between which a program writes: `<!-- NAME -->` and `<!-- /NAME -->`.
public struct Markers: Sendable {
  private let start: String
  private let end: String

  /// The markers called `name`.
  public init(_ name: String) {
    start = "<!-- \(name) -->"
    end = "<!-- /\(name) -->"
  }

  /// `document` with `text` between the markers instead of what was there. Everything else stays as it is.
  public func replace(in document: String, with text: String) throws(MarkersError) -> String {
    let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
    let starts = lines.indices.filter { lines[$0] == start }
    let ends = lines.indices.filter { lines[$0] == end }
    guard starts.count == 1, ends.count == 1, starts[0] < ends[0] else {
      throw MarkersError(description: "the lines \(start) and \(end) must stand in it once each, in this order")
    }
    let new = lines[...starts[0]].map(String.init) + ["", text, ""] + lines[ends[0]...].map(String.init)
    return new.joined(separator: "\n")
  }
}

/// Why a document cannot be written into.
public struct MarkersError: Error, CustomStringConvertible {
  /// What must be in the document.
  public let description: String
}
