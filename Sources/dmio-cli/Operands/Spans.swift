internal import DMIONames

/// What is allowed in the place of a value on the command line; the parser names the option and what was typed.
struct Allowed: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// A length of time on the command line: `250ms`, `5s`, `2m`, `1h`; a bare number means seconds.
struct TimeSpan {
  let duration: Duration

  init(_ argument: String) throws {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
    let unit = units.first { argument.hasSuffix($0.0) && ($0.0 != "" || argument.last?.isNumber == true) }
    guard let unit, case let digits = argument.dropLast(unit.0.count), !digits.isEmpty,
      digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E }), let number = Double(digits),
      case let seconds = number * unit.1, seconds > 0, seconds <= 366 * 86_400
    else { throw Allowed("a time above 0 and up to 366 days, such as 500ms, 30s, 2m or 1h") }
    duration = .milliseconds(Int64((seconds * 1000).rounded(.up)))
  }
}

/// A number of bytes on the command line, above zero.
struct ByteCount {
  let bytes: UInt64

  init(_ argument: String) throws {
    guard let size = try? ByteSize(parsing: argument), size.bytes > 0 else {
      throw Allowed("a size above 0 and below 8EiB, such as 50MiB")
    }
    bytes = size.bytes
  }
}

/// How often a bad block is tried again.
struct Retries {
  let count: Int

  init(_ argument: String) throws {
    guard argument.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let count = Int(argument), count <= 1000 else {
      throw Allowed("a number from 0 to 1000")
    }
    self.count = count
  }
}

/// How many targets have to be good: `all`, `any`, or a number.
enum Required: Equatable {
  case all, any
  case number(Int)

  init(_ argument: String) throws {
    switch argument {
    case "all": self = .all
    case "any": self = .any
    default:
      guard argument.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(argument), number > 0 else {
        throw Allowed("all, any, or a number of targets from 1 on")
      }
      self = .number(number)
    }
  }

  func count(of targets: Int) -> Int {
    switch self {
    case .all: targets
    case .any: min(1, targets)
    case .number(let number): number
    }
  }
}
