/// A JSON object of which every key must be known; every refusal names the place.
struct StrictObject {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private let container: KeyedDecodingContainer<Key>
  private let place: String

  /// The object that `decoder` stands at, which has no other keys than `keys`.
  init(_ decoder: any Decoder, keys: [String]) throws(NameError) {
    place = decoder.codingPath.reduce("") { place, key in
      if let index = key.intValue { return "\(place)[\(index)]" }
      return place.isEmpty ? key.stringValue : "\(place).\(key.stringValue)"
    }
    do { container = try decoder.container(keyedBy: Key.self) } catch {
      throw NameError("\(place.isEmpty ? "the plan" : place) must be an object: {…}")
    }
    let unknown = container.allKeys.map(\.stringValue).filter { key in
      !keys.contains { $0.utf8.elementsEqual(key.utf8) }
    }
    if let key = unknown.min() {
      let shown = place.isEmpty ? quoted(key) : "\(quoted(key)) in \(place)"
      throw NameError("unknown key \(shown); there are \(keys.joined(separator: ", "))")
    }
  }

  /// The value of `key`, nil when it is left out; a message says that it must be `form`.
  func optional<Value: Decodable>(_ key: String, _ form: String) throws(NameError) -> Value? {
    if !container.contains(Key(stringValue: key)) { return nil }
    do { return try container.decode(Value.self, forKey: Key(stringValue: key)) } catch let error as NameError {
      throw error
    } catch {
      throw refusal(key, form)
    }
  }

  /// The value of `key`, or `plain` when it is left out.
  func value<Value: Decodable>(_ key: String, or plain: Value, _ form: String) throws(NameError) -> Value {
    try optional(key, form) ?? plain
  }

  /// The value that `meaning` gives the word of `key`, or `plain` when it is left out.
  ///
  /// Words are ASCII; anything else is refused before it is compared, since the Kelvin sign equals K in Swift.
  func word<Value>(
    _ key: String, or plain: Value, _ form: String, _ meaning: (String) -> Value?
  ) throws(NameError) -> Value {
    guard let word: String = try optional(key, form) else { return plain }
    guard word.utf8.allSatisfy({ $0 < 0x80 }), let value = meaning(word) else {
      throw refusal(key, "\(form), not \(quoted(word))")
    }
    return value
  }

  /// The error that says what the value of `key` must be.
  func refusal(_ key: String, _ form: String) -> NameError {
    NameError("\(place.isEmpty ? "" : place + ".")\(key) must be \(form)")
  }
}
