import Foundation

/// A command of the tool, as its help tells.
struct Verb: Sendable, CustomStringConvertible {
  /// As they are typed after `dmio`: `copy`, or `map show`.
  let words: [String]
  let help: String

  init(_ words: [String]) {
    self.words = words
    let run = try? Tool.run(words + ["--help"], in: TemporaryFolder())
    help = String(decoding: run?.output ?? [], as: UTF8.self)
  }

  var description: String { words.joined(separator: " ") }

  /// All that `dmio --help` lists, each followed by the commands of its own.
  static let all: [Verb] = Verb([]).commands.flatMap { [$0] + $0.commands }

  private var commands: [Verb] {
    let listed = lines.drop { $0 != "SUBCOMMANDS:" }.dropFirst()
    // Two blanks before a name; what a longer text goes on with is further in.
    let names = listed.prefix { $0.hasPrefix("  ") }.compactMap { line -> String? in
      line.dropFirst(2).first == " " ? nil : line.split(separator: " ").first.map(String.init)
    }
    return names.map { Verb(words + [$0]) }
  }

  /// The options below OPTIONS, long and short, without dashes.
  var options: Set<String> {
    let lines = self.lines.drop { $0 != "OPTIONS:" }.filter { $0.hasPrefix("  -") }
    // Two blanks before what it means.
    let names = lines.map { line in
      line.range(of: "  ", range: line.index(line.startIndex, offsetBy: 2)..<line.endIndex)
    }
    let words = zip(lines, names).flatMap { line, end in
      line[..<(end?.lowerBound ?? line.endIndex)].split { " ,/".contains($0) }.filter { $0.hasPrefix("-") }
    }
    return Set(words.map { String($0.drop { $0 == "-" }) })
  }

  private var lines: [Substring] { help.split(separator: "\n", omittingEmptySubsequences: false) }
}
