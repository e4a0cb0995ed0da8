import DMIO
import DMIONames
import Testing

@Suite struct FaultPlanJSONTests {
  static func rule(_ text: String) throws -> FaultPlan.Rule? {
    try FaultPlan(json: Array("{\"rules\":[\(text)]}".utf8)).rules.first
  }

  @Test("the document with every default written out is the plan with every default") func defaults() throws {
    let document = """
      {"seed":1,"geometry":{"logical_block":512,"discard":true,"write_zeroes":true},
       "rules":[{"op":"any","sectors":[0,18446744073709551615],"action":"error","errno":"EIO","skip":0,"times":-1,
                 "probability":1.0,"delay_ms":0}]}
      """
    var plan = try FaultPlan(json: Array(document.utf8))
    #expect(plan.geometry == .init(logicalBlock: 512, discard: true, writeZeroes: true))
    plan.geometry = .init()
    #expect(plan == FaultPlan(seed: 1, rules: [FaultPlan.Rule()]))
    #expect(try FaultPlan(json: Array("{\"rules\":[{}]}".utf8)) == plan)
  }

  @Test(
    "an empty object is a plan without rules",
    arguments: ["{}", " {\n} ", "\u{FEFF}{}", "{\"geometry\":{}}", "{\"rules\":[]}"])
  func empty(document: String) throws { #expect(try FaultPlan(json: Array(document.utf8)) == FaultPlan()) }

  @Test("every word of op matches its operation")
  func operations() throws {
    let words: [(String, Operation.Kind?)] = [
      ("read", .read), ("write", .write), ("flush", .flush), ("discard", .discard), ("zero", .writeZeroes),
      ("any", nil),
    ]
    for (word, kind) in words { #expect(try Self.rule("{\"op\":\"\(word)\"}") == FaultPlan.Rule(operation: kind)) }
  }

  @Test("every action has its name", arguments: FaultPlan.Action.allCases) func actions(action: FaultPlan.Action) throws
  {
    #expect(try Self.rule("{\"action\":\"\(action)\"}") == FaultPlan.Rule(action: action))
  }

  @Test("every key of a rule is read") func keys() throws {
    let text = """
      {"delay_ms":250,"probability":0.25,"times":3,"skip":2,"errno":"ENOSPC","action":"torn","sectors":[7,9],"op":"write"}
      """
    let expected = FaultPlan.Rule(
      operation: .write, start: 7, count: 9, action: .torn, errno: .ENOSPC, skip: 2, times: 3, probability: 0.25,
      delayMilliseconds: 250)
    #expect(try Self.rule(text) == expected)
  }

  @Test("whole numbers may be written as 1.0 or 1e3") func whole() throws {
    #expect(try Self.rule("{\"skip\":1.0,\"times\":1e3}") == FaultPlan.Rule(skip: 1, times: 1000))
    #expect(try FaultPlan(json: Array("{\"seed\":18446744073709551615}".utf8)).seed == .max)
    #expect(try Self.rule("{\"times\":0}") == FaultPlan.Rule(times: 0))
  }

  @Test("a plan of exactly the longest length is read, one byte more is refused") func length() throws {
    let longest = Array("{}".utf8) + [UInt8](repeating: 0x20, count: Limits.faultPlanBytes - 2)
    #expect(try FaultPlan(json: longest) == FaultPlan())
    #expect(throws: NameError("fault plan: 1048577 bytes are too long; a plan has at most 1048576")) {
      try FaultPlan(json: longest + [0x20])
    }
  }

  @Test("the longest list of rules is read") func manyRules() throws {
    let rules = [String](repeating: "{}", count: 300_000).joined(separator: ",")
    #expect(try FaultPlan(json: Array("{\"rules\":[\(rules)]}".utf8)).rules.count == 300_000)
  }

  @Test("a plan that is encoded decodes to itself, for random plans") func roundTrip() throws {
    var generator = Seeded("plans")
    for _ in 0..<2000 {
      let plan = FaultPlan.random(using: &generator)
      #expect(try FaultPlan(json: plan.json) == plan)
    }
  }

  @Test("a rule that reaches beyond the last sector is encoded up to it") func beyond() throws {
    let plan = FaultPlan(rules: [FaultPlan.Rule(start: 5, count: .max)])
    #expect(try FaultPlan(json: plan.json).rules == [FaultPlan.Rule(start: 5, count: .max - 5)])
  }

  @Test("an encoded plan leaves out what is left at its default") func encoding() {
    let plan = FaultPlan(seed: 3, rules: [FaultPlan.Rule(operation: .write, start: 1, count: 2, errno: .ENOSPC)])
    let json = #"{"seed":3,"rules":[{"op":"write","sectors":[1,2],"errno":"ENOSPC"}]}"#
    #expect(String(decoding: plan.json, as: UTF8.self) == json)
    #expect(FaultPlan().json == Array("{\"seed\":1}".utf8))
  }

  @Test("a document cut or changed anywhere is taken or refused, and never traps") func mutations() throws {
    var generator = Seeded("mutations")
    var refused = 0
    for _ in 0..<3000 {
      var json = FaultPlan.random(using: &generator).json
      let index = Int.random(in: 0..<json.count, using: &generator)
      if Bool.random(using: &generator) {
        json.removeSubrange(index...)
      } else {
        json[index] = UInt8(truncatingIfNeeded: generator.next())
      }
      if (try? FaultPlan(json: json)) == nil { refused += 1 }
    }
    #expect(refused > 1000)
  }
}

extension FaultPlan {
  static func random(using generator: inout Seeded) -> FaultPlan {
    func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? { Bool.random(using: &generator) ? value() : nil }
    var plan = FaultPlan(seed: generator.next())
    plan.geometry = .init(
      logicalBlock: maybe(512 << Int.random(in: 0...7, using: &generator)),
      discard: maybe(Bool.random(using: &generator)), writeZeroes: maybe(Bool.random(using: &generator)))
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let start = maybe(generator.number(below: 64)) ?? 0
      plan.rules.append(
        Rule(
          operation: Operation.Kind.allCases.randomElement(using: &generator).flatMap { maybe($0) }, start: start,
          count: maybe(generator.number(below: 64)).map { min($0, .max - start) } ?? (.max - start),
          action: Action.allCases.randomElement(using: &generator) ?? .error,
          errno: maybe(.ENOSPC) ?? .EIO, skip: maybe(generator.number(below: 64)) ?? 0,
          times: maybe(generator.number(below: 64)), probability: .random(in: 0...1, using: &generator),
          delayMilliseconds: maybe(generator.number(below: 64)) ?? 0))
    }
    return plan
  }
}
