import Foundation

/// A file of the repository, read once for all tests.
struct RepositoryFile: Sendable {
  /// From the root, with slashes: `Sources/DMIO/Request/Region.swift`.
  let path: String
  let byteCount: Int
  /// Empty for what is not text, and for recorded data.
  let lines: [String]

  var name: String { String(path.split(separator: "/").last ?? "") }
  var isSwift: Bool { path.hasSuffix(".swift") }
  var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
  var isMarkdown: Bool { path.hasSuffix(".md") }
}

/// Something untidy, printed like a compiler's message so that editors can jump to it.
struct Finding: CustomStringConvertible {
  let path: String
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// The checkout that these tests were compiled from.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static let files: [RepositoryFile] = read()

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  /// The code between the fences of a document that name `language`.
  static func codeBlocks(of file: RepositoryFile, in language: String) -> [String] {
    var blocks: [String] = []
    var block: [String]?
    for line in file.lines {
      if let open = block, line == "```" {
        blocks.append(open.joined(separator: "\n"))
        block = nil
      } else if line == "```\(language)" {
        block = []
      } else {
        block?.append(line)
      }
    }
    return blocks
  }

  private static func read() -> [RepositoryFile] {
    var files: [RepositoryFile] = []
    var folders = [""]
    while let folder = folders.popLast() {
      let location = root.appendingPathComponent(folder)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: location.path)) ?? []
      for name in names.sorted() where !isForeign(name) {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        let url = root.appendingPathComponent(path)
        if (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true {
          folders.append(path)
        } else if let contents = try? Data(contentsOf: url, options: .mappedIfSafe) {
          files.append(RepositoryFile(path: path, byteCount: contents.count, lines: lines(of: contents, at: path)))
        }
      }
    }
    return files
  }

  /// Whether git would not have it: what was built, and git's own.
  private static func isForeign(_ name: String) -> Bool {
    name == ".git" || name.hasPrefix(".build") || name == ".swiftpm" || name == "Package.resolved"
      || name.hasSuffix(".o") || name.hasSuffix(".so")
  }

  private static func lines(of contents: Data, at path: String) -> [String] {
    guard !path.hasSuffix(".jsonl"), contents.count <= 1 << 20 else { return [] }
    var lines = contents.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    let texts = lines.compactMap { String(validating: $0, as: UTF8.self) }
    return texts.count == lines.count ? texts : []
  }
}

extension StringProtocol {
  /// Without the blanks around it.
  var trimmed: String { trimmingCharacters(in: .whitespaces) }
  /// The number of blanks that it starts with.
  var indentation: Int { prefix { $0 == " " }.count }
  /// Whether it is nothing but a comment, of either kind.
  var isComment: Bool { trimmed.hasPrefix("//") }
}
