import DMIO
import DMIONames
import Testing

@Suite struct FaultPlanRefusalTests {
  static let documents: [Refusal] = [
    Refusal("", "line 1, column 1: the document ends too early"), Refusal("  \n ", "line 2, column 2"),
    Refusal("[]", "the plan must be an object"), Refusal("null", "the plan must be an object"),
    Refusal("1", "the plan must be an object"), Refusal("\"x\"", "the plan must be an object"),
    Refusal("{} x", "line 1, column 4: unexpected 'x'"), Refusal("{}{}", "expected nothing more"),
    Refusal("{},", "expected nothing more"), Refusal("{", "ends too early"), Refusal("}", "expected a value"),
    Refusal("{]", "expected a key in quotes or '}'"), Refusal("[}", "expected a value or ']'"),
    Refusal("{\"seed\":1,}", "column 11: expected a key"), Refusal("{\"rules\":[{},]}", "expected a value"),
    Refusal("{\"seed\" 1}", "expected ':'"), Refusal("{\"seed\":}", "expected a value"),
    Refusal("{\"seed\":1 \"rules\":[]}", "expected ',' or"), Refusal("{seed:1}", "unexpected 'seed'"),
    Refusal("{'seed':1}", "unexpected"), Refusal("{\"seed\":1 // one\n}", "unexpected '//'"),
    Refusal("{\n \"seed\": tru}", "line 2, column 10: unexpected 'tru'"), Refusal("{\"seed\":NaN}", "unexpected 'NaN'"),
    Refusal("{\"seed\":+1}", "unexpected '+1'"), Refusal("{\"seed\":01}", "seed must be"),
    Refusal("{\"seed\":1.}", "seed must be"), Refusal("{\"seed\":0x1}", "not valid JSON"),
    Refusal("{\"seed\":1x}", "fault plan: not valid JSON"), Refusal("{\"seed\":--1}", "seed must be"),
    Refusal("{\"seed", "without its closing quote"),
    Refusal("{\"seed\\", "without its closing quote"), Refusal("{\"a\nb\":1}", "control character in a string"),
    Refusal("{\"se\\u0065d\":1}", "a backslash in a key"), Refusal("{\u{0}}", "unexpected"),
    Refusal("{\"seed\":1,\"seed\":1}", "the key 'seed' is there twice"),
    Refusal("{\"rules\":[{\"op\":\"read\",\"op\":\"write\"}]}", "the key 'op' is there twice"),
    Refusal("{\"\u{202E}\":1}", "unknown key '\\u{202E}'"), Refusal("{\"Seed\":1}", "unknown key 'Seed'"),
    Refusal("{\"geometry\":{\"block\":1}}", "unknown key 'block' in geometry"),
    Refusal("{\"rules\":[{},{\"tmies\":1}]}", "unknown key 'tmies' in rules[1]"),
    Refusal("{\"seed\":null}", "seed must be a whole number"), Refusal("{\"seed\":\"1\"}", "seed must be"),
    Refusal("{\"seed\":-1}", "seed must be"), Refusal("{\"seed\":1.5}", "seed must be"),
    Refusal("{\"seed\":18446744073709551616}", "seed must be"), Refusal("{\"seed\":1e999}", "seed must be"),
    Refusal("{\"seed\":true}", "seed must be"), Refusal("{\"geometry\":null}", "geometry must be an object"),
    Refusal("{\"geometry\":[]}", "geometry must be an object"), Refusal("{\"rules\":{}}", "rules must be an array"),
    Refusal("{\"rules\":[[]]}", "rules[0] must be an object"),
    Refusal("{\"rules\":[null]}", "rules[0] must be an object"),
    Refusal("{\"geometry\":{\"logical_block\":256}}", "geometry.logical_block must be a power of two"),
    Refusal("{\"geometry\":{\"logical_block\":0}}", "power of two"),
    Refusal("{\"geometry\":{\"logical_block\":-512}}", "power of two"),
    Refusal("{\"geometry\":{\"logical_block\":1000}}", "power of two"),
    Refusal("{\"geometry\":{\"logical_block\":131072}}", "power of two"),
    Refusal("{\"geometry\":{\"logical_block\":99999999999999999999}}", "power of two"),
    Refusal("{\"geometry\":{\"discard\":1}}", "geometry.discard must be true or false"),
    Refusal("{\"geometry\":{\"write_zeroes\":\"yes\"}}", "geometry.write_zeroes must be true or false"),
    Refusal(String(repeating: "[", count: 100_000), "column 17: nested more than 16 deep"),
    Refusal(String(repeating: "{\"a\":", count: 100_000), "nested more than 16 deep"),
    Refusal("{\"\(String(repeating: "k", count: 100_000))\":1}", "unknown key"),
    Refusal("{\"seed\":\(String(repeating: "9", count: 100_000))}", "seed must be"),
  ]

  /// Members of a rule, and what must be said about them after `rules[0].`.
  static let rules: [Refusal] = [
    Refusal("\"op\":\"erase\"", "op must be one of any, read, write, flush, discard, zero, not 'erase'"),
    Refusal("\"op\":\"READ\"", "op must be"), Refusal("\"op\":1", "op must be"), Refusal("\"op\":null", "op must be"),
    Refusal("\"op\":\"\"", "op must be"), Refusal("\"action\":\"explode\"", "action must be one of error, short"),
    Refusal("\"action\":[]", "action must be"), Refusal("\"errno\":\"EWHAT\"", "errno must be the name of an error"),
    Refusal("\"errno\":5", "errno must be"), Refusal("\"errno\":\"5\"", "errno must be"),
    Refusal("\"errno\":\"eio\"", "errno must be"), Refusal("\"errno\":\"\"", "errno must be"),
    Refusal("\"errno\":\"EDEADL\u{212A}\"", "errno must be"), Refusal("\"errno\":\"EIO\u{1B}\"", "control character"),
    Refusal("\"errno\":\"\\u001b[2J\"", "not '\\x1B[2J'"), Refusal("\"errno\":\"\\q\"", "errno must be"),
    Refusal("\"op\":\"a\\\",\\\"b\"", "not 'a\",\"b'"),
    Refusal("\"sectors\":7", "sectors must be [first, count]"), Refusal("\"sectors\":[]", "sectors must be"),
    Refusal("\"sectors\":[1]", "sectors must be"), Refusal("\"sectors\":[1,2,3]", "sectors must be"),
    Refusal("\"sectors\":[-1,2]", "sectors must be"), Refusal("\"sectors\":[1,-2]", "sectors must be"),
    Refusal("\"sectors\":[1.5,2]", "sectors must be"), Refusal("\"sectors\":[\"1\",2]", "sectors must be"),
    Refusal("\"sectors\":{\"first\":1}", "sectors must be"), Refusal("\"sectors\":\"all\"", "sectors must be"),
    Refusal("\"sectors\":[1,18446744073709551615]", "whose sum is at most 18446744073709551615"),
    Refusal("\"sectors\":[18446744073709551616,0]", "sectors must be"),
    Refusal("\"skip\":-1", "skip must be a whole number from 0"), Refusal("\"skip\":0.5", "skip must be"),
    Refusal("\"skip\":18446744073709551616", "skip must be"), Refusal("\"skip\":false", "skip must be"),
    Refusal("\"times\":-2", "times must be -1 for always"), Refusal("\"times\":-1.5", "times must be"),
    Refusal("\"times\":null", "times must be"), Refusal("\"times\":1e20", "times must be"),
    Refusal("\"probability\":-0.1", "probability must be a number from 0 to 1"),
    Refusal("\"probability\":1.0000001", "probability must be"),
    Refusal("\"probability\":1e999", "probability must be"),
    Refusal("\"probability\":\"1\"", "probability must be"), Refusal("\"probability\":true", "probability must be"),
    Refusal("\"delay_ms\":-1", "delay_ms must be"), Refusal("\"delay_ms\":1e30", "delay_ms must be"),
    Refusal("\"delay_ms\":\"5s\"", "delay_ms must be"),
  ]

  @Test("a document that is no plan is refused with the place", arguments: documents) func refusals(refusal: Refusal) {
    refusal.check { text throws(NameError) in _ = try FaultPlan(json: Array(text.utf8)) }
  }

  @Test("a rule that is none is refused with its number and key", arguments: rules) func members(refusal: Refusal) {
    refusal.check { text throws(NameError) in _ = try FaultPlan(json: Array("{\"rules\":[{\(text)}]}".utf8)) }
  }

  @Test("a wrong value is refused in these words") func words() {
    #expect(throws: NameError("fault plan: rules[2].errno must be the name of an error, such as EIO, not 'EIEIO'")) {
      try FaultPlan(json: Array("{\"rules\":[{},{},{\"errno\":\"EIEIO\"}]}".utf8))
    }
  }

  @Test(
    "a document that is not UTF-8 is refused",
    arguments: [[0x7B, 0xFF, 0x7D], [0x7B, 0x22, 0xC3, 0x22, 0x7D], [0xFF, 0xFE, 0x7B, 0]] as [[UInt8]])
  func invalid(bytes: [UInt8]) {
    #expect(throws: NameError("fault plan: not valid UTF-8; save it as UTF-8")) { try FaultPlan(json: bytes) }
  }

  @Test("a document in UTF-16 is refused") func wide() {
    #expect(throws: NameError.self) { try FaultPlan(json: Array("{}".utf8).flatMap { [$0, 0] }) }
  }
}
