import Comparison
import Foundation

/// The document whose table the runner writes.
struct Document {
  private let path: String

  init(_ path: String) {
    self.path = path
  }

  /// Throws unless the document can be written into.
  func check() throws(Message) {
    _ = try text(with: "")
    guard FileManager.default.isWritableFile(atPath: path) else { throw Message("\(path) cannot be written") }
  }

  /// Puts `table` between the document's markers.
  func replace(with table: String) throws(Message) {
    let text = try text(with: table)
    do {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
    } catch {
      throw Message("\(path): \(error.localizedDescription)")
    }
  }

  private func text(with table: String) throws(Message) -> String {
    do {
      return try Markers("table").replace(in: try String(contentsOfFile: path, encoding: .utf8), with: table)
    } catch let error as MarkersError {
      throw Message("\(path): \(error)")
    } catch {
      throw Message("\(path): \(error.localizedDescription)")
    }
  }
}
