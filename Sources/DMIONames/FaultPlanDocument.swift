internal import DMIO

/// A fault plan as it stands in JSON.
struct PlanDocument: Decodable {
  let plan: FaultPlan

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(decoder, keys: ["seed", "geometry", "rules"])
    let plain = FaultPlan()
    plan = FaultPlan(
      seed: try object.value("seed", or: plain.seed, wholeNumber),
      geometry: try object.value("geometry", or: GeometryDocument(), "an object").override,
      rules: try object.value("rules", or: [RuleDocument](), "an array of rules").map(\.rule))
  }
}

/// What a plan changes in the geometry, as it stands in JSON.
struct GeometryDocument: Decodable {
  var override = FaultPlan.GeometryOverride()

  init() {}

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(decoder, keys: ["logical_block", "discard", "write_zeroes"])
    let bytes = "a power of two from 512 to 65536"
    override.logicalBlock = try object.optional("logical_block", bytes)
    if let block = override.logicalBlock, !(512...65536).contains(block) || block & (block - 1) != 0 {
      throw object.refusal("logical_block", bytes)
    }
    override.discard = try object.optional("discard", "true or false")
    override.writeZeroes = try object.optional("write_zeroes", "true or false")
  }
}

/// One rule as it stands in JSON.
struct RuleDocument: Decodable {
  let rule: FaultPlan.Rule

  /// The words of `op` and what they match.
  static let operations: [(word: String, kind: Operation.Kind?)] = [
    ("any", nil), ("read", .read), ("write", .write), ("flush", .flush), ("discard", .discard), ("zero", .writeZeroes),
  ]

  private static let keys = ["op", "sectors", "action", "errno", "skip", "times", "probability", "delay_ms"]

  init(from decoder: any Decoder) throws {
    let object = try StrictObject(decoder, keys: RuleDocument.keys)
    var rule = FaultPlan.Rule()
    let words = RuleDocument.operations.map(\.word).joined(separator: ", ")
    rule.operation = try object.word("op", or: rule.operation, "one of \(words)") { word in
      RuleDocument.operations.first { $0.word == word }.map(\.kind)
    }
    let sectors = try object.value("sectors", or: SectorsDocument(first: rule.start, count: rule.count), sectorsForm)
    (rule.start, rule.count) = (sectors.first, sectors.count)
    let actions = FaultPlan.Action.allCases.map(\.rawValue).joined(separator: ", ")
    rule.action = try object.word("action", or: rule.action, "one of \(actions)", FaultPlan.Action.init(rawValue:))
    rule.errno = try object.word("errno", or: rule.errno, "the name of an error, such as EIO", Errno.init(name:))
    rule.skip = try object.value("skip", or: rule.skip, wholeNumber)
    rule.times = try object.value("times", or: TimesDocument(times: rule.times), timesForm).times
    let chance = "a number from 0 to 1"
    rule.probability = try object.value("probability", or: rule.probability, chance)
    if !(0...1).contains(rule.probability) { throw object.refusal("probability", chance) }
    rule.delayMilliseconds = try object.value("delay_ms", or: rule.delayMilliseconds, wholeNumber)
    self.rule = rule
  }
}

/// `[first, count]`.
private struct SectorsDocument: Decodable {
  let first: UInt64
  let count: UInt64

  init(first: UInt64, count: UInt64) { (self.first, self.count) = (first, count) }

  init(from decoder: any Decoder) throws {
    var pair = try decoder.unkeyedContainer()
    first = try pair.decode(UInt64.self)
    count = try pair.decode(UInt64.self)
    if !pair.isAtEnd || first.addingReportingOverflow(count).overflow {
      throw DecodingError.dataCorruptedError(in: pair, debugDescription: sectorsForm)
    }
  }
}

/// A count, or -1 for always.
private struct TimesDocument: Decodable {
  let times: UInt64?

  init(times: UInt64?) { self.times = times }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let always = try? value.decode(Int64.self), always == -1 {
      times = nil
    } else {
      times = try value.decode(UInt64.self)
    }
  }
}

private let wholeNumber = "a whole number from 0 to \(UInt64.max)"
private let timesForm = "-1 for always, or \(wholeNumber)"
private let sectorsForm = "[first, count], two whole numbers from 0 whose sum is at most \(UInt64.max)"
