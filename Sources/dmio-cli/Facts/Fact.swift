/// Something that is so: a line for people, and members of a JSON object for programs.
struct Fact {
  let label: String
  let text: String
  let members: [(String, JSON)]

  init(_ label: String, _ text: String, _ members: (String, JSON)...) {
    self.label = label
    self.text = text
    self.members = members
  }
}

extension [Fact] {
  /// A line for each, the texts below each other.
  var text: String {
    map { fact in
      let label = fact.label + ":"
      return label + String(repeating: " ", count: Swift.max(1, 19 - label.count)) + fact.text + "\n"
    }.joined()
  }

  /// The members of all, in order.
  var members: [(String, JSON)] { flatMap(\.members) }
}
