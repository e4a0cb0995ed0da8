import Foundation
import HostParts
import Testing

/// What explains the tool: its help, and a manual page for each command.
@Suite struct ManualTests {
  private static let folder = "\(Host.checkout)/docs/man"
  private static let pages = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []

  @Test("the tool's help names its commands, and begins with examples") func help() throws {
    #expect(Set(["copy", "read", "write", "info", "doctor", "bench"]).isSubset(of: Verb.all.map(\.description)))
    try expectExamplesFirst(Tool.run(["--help"], in: TemporaryFolder()))
  }

  @Test(
    "a command's help begins with examples, and has fewer than 60 lines, none wider than 80 columns",
    arguments: Verb.all)
  func help(of verb: Verb) throws {
    try expectExamplesFirst(Tool.run(verb.words + ["--help"], in: TemporaryFolder()))
  }

  private func expectExamplesFirst(_ run: Tool) throws {
    let text = String(decoding: run.output, as: UTF8.self)
    #expect(run.exit == 0 && run.error.isEmpty)
    let examples = try #require(text.range(of: "EXAMPLES\n"))
    let usage = try #require(text.range(of: "USAGE:"))
    #expect(examples.lowerBound < usage.lowerBound && text.split(separator: "\n").count < 60)
    let wide = text.split(separator: "\n").filter { $0.count > 80 }
    #expect(wide.isEmpty, "\(wide)")
  }

  @Test("every option of a command is in its manual page, behind the examples", arguments: Verb.all)
  func options(of verb: Verb) throws {
    let page = try String(decoding: contents(of: "\(ManualTests.folder)/dmio-\(verb.words[0]).1"), as: UTF8.self)
    let words = Set(page.split { " \n".contains($0) }.map(String.init))
    #expect(!verb.options.isEmpty)
    let lacking = verb.options.filter { !words.contains($0.count == 1 ? $0 : "-" + $0) }
    #expect(lacking.isEmpty, "dmio-\(verb.words[0]).1 lacks \(lacking.sorted())")
    let headings = page.split(separator: "\n").filter { $0.hasPrefix(".Sh ") }.map { $0.dropFirst(4) }
    #expect(headings.prefix(3) == ["NAME", "SYNOPSIS", "EXAMPLES"] && headings.contains("EXIT CODES"))
  }

  @Test(
    "manual pages are well formed", .enabled(if: Host.has("mandoc"), "mandoc is not installed"),
    arguments: pages.filter { $0.hasPrefix("dmio-") })
  func wellFormed(page: String) {
    // An outdated index of the machine's pages is not about this one.
    let said = Host.run("mandoc", "-Tlint", "-Wwarning", "\(ManualTests.folder)/\(page)").text.split(separator: "\n")
    let warnings = said.filter { !$0.contains("outdated mandoc.db") }
    #expect(warnings.isEmpty, "\(warnings.joined(separator: "\n"))")
  }
}
