import Testing

/// The checks themselves: each finds what it is for, and leaves alone what looks like it.
@Suite struct RulesTests {
  @Test("functions are found with their lengths") func functions() {
    let source = """
      struct Sample {
        init(a: Int) {
          self.a = a
        }
        @Test("a name") func attributed() {
          self.init(a: 1)
        }
        func short() -> Int { 1 }
        func requirement() -> Int
        var notAFunction: Int {
          1
        }
        static func wrapped(
          first: Int, then: () -> Void = {
          }
        ) throws {
          call { init in
          }
        }
      }
      """
    #expect(
      FunctionFinder.swift(lines(source)) == [
        FunctionExtent(line: 2, length: 3), FunctionExtent(line: 5, length: 3), FunctionExtent(line: 13, length: 7),
      ])
  }

  @Test("functions of C are found with their lengths") func functionsOfC() {
    let source = """
      struct pair {
        int a;
      };
      static int one(void)
      {
        return 1;
      }
      int two(void) {
        return 2;
      }
      int three(void);
      """
    #expect(
      FunctionFinder.c(lines(source)) == [FunctionExtent(line: 4, length: 4), FunctionExtent(line: 8, length: 3)])
  }

  @Test("links outside of code are found and resolved") func links() {
    let source = """
      [a](one.md) and [b](../two.md#part "title"), [c](https://example.com), [d](#here), `[e](code.md)`
      ```
      [f](fenced.md)
      ```
      """
    #expect(
      LinkFinder.links(lines(source)) == [
        RelativeLink(line: 1, target: "one.md"), RelativeLink(line: 1, target: "../two.md"),
      ])
    #expect(LinkFinder.resolve("../two.md", in: "docs/design/here.md") == "docs/two.md")
    #expect(LinkFinder.resolve("../../two.md", in: "docs/here.md") == nil)
    #expect(LinkFinder.resolve("/two.md", in: "docs/here.md") == nil)
  }

  @Test("a word is found only where it starts") func words() {
    #expect(containsWord("print(", in: "  print(1)"))
    #expect(!containsWord("print(", in: "fingerprint(1)"))
    #expect(containsWord("/a/", in: "see `/a/b`"))
    #expect(!containsWord("/a/", in: "https://example.com/a/b"))
    #expect(!containsWord("long word", in: "short"))
  }

  @Test("an explanation counts only above what it explains") func explanations() {
    #expect(isExplained(1, in: ["// Why this is right: one thread.", "x"]))
    #expect(isExplained(2, in: ["/// Confined to one thread.", "@safe", "x"]))
    #expect(isExplained(2, in: ["// Why: one thread.", "f()", "x"]))
    #expect(!isExplained(1, in: ["// What this does.", "x"]))
    #expect(!isExplained(0, in: ["x", "// Why this is right."]))
  }

  @Test("a doc comment counts only directly above the first declaration") func documentation() {
    #expect(undocumentedFirstDeclaration(["import A", "", "/// Words.", "@frozen", "struct B {"]) == nil)
    #expect(undocumentedFirstDeclaration(["internal import A", "", "struct B {", "  /// Words."]) == 3)
    #expect(undocumentedFirstDeclaration(["/// Words.", "", "struct B {}"]) == 3)
    #expect(undocumentedFirstDeclaration(["#if canImport(A)", "extension B {"]) == 2)
    #expect(undocumentedFirstDeclaration(["// Nothing but words."]) == nil)
  }

  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }
}
