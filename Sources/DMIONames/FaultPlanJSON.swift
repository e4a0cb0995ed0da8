public import DMIO
internal import FoundationEssentials

/// Fault plans as JSON documents.
extension FaultPlan {
  /// The plan that a JSON document of at most `Limits.faultPlanBytes` bytes describes.
  ///
  /// Every key may be left out; then the value shown here counts, and for `sectors` and `geometry` all sectors and
  /// the wrapped device's geometry:
  ///
  ///     {"seed": 1, "geometry": {"logical_block": 512, "discard": true, "write_zeroes": true},
  ///      "rules": [{"op": "any", "sectors": [first, count], "action": "error", "errno": "EIO",
  ///                 "skip": 0, "times": -1, "probability": 1.0, "delay_ms": 0}]}
  ///
  /// Numbers are whole and fit 64 bits (`1.0` and `1e3` are whole), except `probability`. `times` is -1 for always.
  /// Nothing is guessed: null is no value, and a key may be there once.
  ///
  /// - Throws: `NameError` that names the line or the place (`rules[2].errno`) of what is wrong.
  public init(json: [UInt8]) throws(NameError) {
    do {
      if json.count > Limits.faultPlanBytes {
        throw NameError("\(json.count) bytes are too long; a plan has at most \(Limits.faultPlanBytes)")
      }
      if String(validating: json, as: UTF8.self) == nil { throw NameError("not valid UTF-8; save it as UTF-8") }
      try JSONOutline.check(json)
      self = try JSONDecoder().decode(PlanDocument.self, from: Data(json)).plan
    } catch let error as NameError {
      throw NameError("fault plan: \(error.message)")
    } catch {
      throw NameError("fault plan: not valid JSON; a number or an escaped character in it is malformed")
    }
  }

  /// The JSON document that `init(json:)` turns into this plan again; what is left at its default is left out.
  ///
  /// A rule that would reach beyond the last sector there can be is cut to end there.
  public var json: [UInt8] {
    var parts = ["\"seed\":\(seed)"]
    var changes: [String] = []
    if let block = geometry.logicalBlock { changes.append("\"logical_block\":\(block)") }
    if let discard = geometry.discard { changes.append("\"discard\":\(discard)") }
    if let writeZeroes = geometry.writeZeroes { changes.append("\"write_zeroes\":\(writeZeroes)") }
    if !changes.isEmpty { parts.append("\"geometry\":{\(changes.joined(separator: ","))}") }
    if !rules.isEmpty { parts.append("\"rules\":[\(rules.map(\.json).joined(separator: ","))]") }
    return Array("{\(parts.joined(separator: ","))}".utf8)
  }
}

extension FaultPlan.Rule {
  fileprivate var json: String {
    let plain = FaultPlan.Rule()
    var parts: [String] = []
    if let word = RuleDocument.operations.first(where: { $0.kind == operation })?.word, operation != nil {
      parts.append("\"op\":\"\(word)\"")
    }
    if start != 0 || count != .max { parts.append("\"sectors\":[\(start),\(min(count, .max - start))]") }
    if action != plain.action { parts.append("\"action\":\"\(action.rawValue)\"") }
    if errno != plain.errno { parts.append("\"errno\":\"\(errno.name)\"") }
    if skip != 0 { parts.append("\"skip\":\(skip)") }
    if let times { parts.append("\"times\":\(times)") }
    if probability != 1 { parts.append("\"probability\":\(probability)") }
    if delayMilliseconds != 0 { parts.append("\"delay_ms\":\(delayMilliseconds)") }
    return "{\(parts.joined(separator: ","))}"
  }
}
