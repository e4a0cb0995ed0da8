import Comparison
import Testing

@Suite struct MarkersTests {
  @Test("what stands between the markers is replaced, the rest stays byte for byte") func replacement() throws {
    let document = "# Title\n\n<!-- table -->\nold\nolder\n<!-- /table -->\n\nend\n"
    let new = try Markers("table").replace(in: document, with: "| new |")
    #expect(new == "# Title\n\n<!-- table -->\n\n| new |\n\n<!-- /table -->\n\nend\n")
  }

  @Test("writing the same twice changes nothing") func idempotence() throws {
    let once = try Markers("table").replace(in: "<!-- table -->\n<!-- /table -->\n", with: "x")
    #expect(try Markers("table").replace(in: once, with: "x") == once)
  }

  @Test(
    "a document without both markers, in order and once, is refused",
    arguments: [
      "no markers\n", "<!-- table -->\n", "<!-- /table -->\n<!-- table -->\n",
      "<!-- table -->\n<!-- /table -->\n<!-- table -->\n<!-- /table -->\n", "<!-- parts -->\n<!-- /parts -->\n",
    ]) func refusal(document: String)
  {
    #expect(throws: MarkersError.self) { try Markers("table").replace(in: document, with: "x") }
  }
}
