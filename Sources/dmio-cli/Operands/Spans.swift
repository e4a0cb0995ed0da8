internal import ArgumentParser
internal import DMIONames

/// A length of time on the command line: `250ms`, `5s`, `2m`, `1h`; a bare number means seconds.
struct TimeSpan: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)]
    let unit = units.first { argument.hasSuffix($0.0) && ($0.0 != "" || argument.last?.isNumber == true) }
    guard let unit, case let digits = argument.dropLast(unit.0.count), !digits.isEmpty,
      digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E }), let number = Double(digits),
      case let seconds = number * unit.1, seconds > 0, seconds <= 366 * 86_400
    else { return nil }
    duration = .milliseconds(Int64((seconds * 1000).rounded(.up)))
  }
}

/// A number of bytes on the command line, above zero.
struct ByteCount: ExpressibleByArgument {
  let bytes: UInt64

  init?(argument: String) {
    guard let size = try? ByteSize(parsing: argument), size.bytes > 0 else { return nil }
    bytes = size.bytes
  }
}

/// How many targets have to be good: `all`, `any`, or a number.
enum Required: ExpressibleByArgument, Equatable {
  case all, any
  case number(Int)

  init?(argument: String) {
    switch argument {
    case "all": self = .all
    case "any": self = .any
    default:
      guard argument.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(argument), number > 0 else {
        return nil
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
