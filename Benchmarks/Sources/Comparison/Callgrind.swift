/// The instructions that a program carried out in user space, function by function, as callgrind writes them down.
public struct Profile: Sendable, Equatable {
  /// Of each function alone, without what it calls. The names are those of the symbol table.
  public private(set) var instructions: [String: Int] = [:]

  /// All of them.
  public var total: Int { instructions.values.reduce(0, +) }

  /// From the text of callgrind's output file.
  ///
  /// A name stands in full once, `fn=(7) name`, and is `fn=(7)` after that. The line after `calls=` is the cost of what
  /// was called, which is counted there.
  public init(callgrind text: some StringProtocol) {
    var names: [Substring.SubSequence: String] = [:]
    var function = ""
    var isCall = false
    for line in text.split(separator: "\n") {
      let line = Substring(line)
      if line.hasPrefix("fn=") || line.hasPrefix("cfn=") {
        let reference = line.drop { $0 != "(" }
        let id = reference.prefix { $0 != ")" }
        let name = reference.dropFirst(id.count + 1).drop { $0 == " " }
        if !name.isEmpty { names[id] = String(name) }
        if line.hasPrefix("fn=") { function = names[id] ?? "?" }
      } else if line.hasPrefix("calls=") {
        isCall = true
      } else if let first = line.utf8.first, Profile.startsCost(first) {
        if !isCall, let cost = line.split(separator: " ").last.flatMap({ Int($0) }) {
          instructions[function, default: 0] += cost
        }
        isCall = false
      }
    }
  }

  /// A cost line starts with a place: a number, the same as before (`*`), or so many after or before it.
  private static func startsCost(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
      || byte == UInt8(ascii: "*")
  }

  /// What each of `ios` more I/Os cost, function by function, the dearest first. What is the same in both runs, the
  /// start of the program, falls out.
  public static func parts(short: Profile, long: Profile, ios: Int) -> [(function: String, perIO: Double)] {
    long.instructions
      .map { name, count in (function: name, perIO: Double(count - (short.instructions[name] ?? 0)) / Double(ios)) }
      .sorted { ($0.perIO, $1.function) > ($1.perIO, $0.function) }
  }

  /// The same for all functions together.
  public static func perIO(short: Profile, long: Profile, ios: Int) -> Double {
    Double(long.total - short.total) / Double(ios)
  }
}
