import Foundation
import FoundationXML
import Testing

/// An SVG, as a reader of XML sees it.
final class Drawing: NSObject, XMLParserDelegate {
  private(set) var texts: [String] = []
  /// The paths by their class.
  private(set) var paths: [String: String] = [:]
  /// How many elements have each class.
  private(set) var counts: [String: Int] = [:]
  private var text: String?

  init(_ bytes: [UInt8]) throws {
    super.init()
    let parser = XMLParser(data: Data(bytes))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    if name == "text" { text = "" }
    guard let style = attributes["class"] else { return }
    counts[style, default: 0] += 1
    if name == "path" { paths[style] = attributes["d"] }
  }

  func parser(_ parser: XMLParser, foundCharacters characters: String) { text? += characters }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if name == "text", let text { texts.append(text) }
    if name == "text" { text = nil }
  }
}
