import Comparison

/// What the command line asks for.
struct Arguments {
  var dmio = "../.build/release/dmio"
  var folder = "/dev/shm"
  var rounds: Int?
  var seconds = 0.2
  var only: [String] = []
  var table: String?
  var samples: String?
  var mode = Mode.compare

  /// What to do.
  enum Mode {
    case compare
    case gate
    case record
    case list
    case help
  }

  static let usage = """
    usage: compare [OPTION...]

    Runs dmio beside C and its peers and prints a table of ratios. Exit code 1 when a bar is not met
    that C meets, or of which nobody knows whether C does.

      --dmio PATH      the tool   (../.build/release/dmio)
      --rounds N       instead of 30, or 90 where a bar is close; copies take 9, or a third as many
      --seconds S      length of a run   (0.2)
      --quick          3 rounds of 0.1 s: to see that it works, not how fast
      --only ROW       a row, or all whose names begin so, up to a "-"; may be given several times
      --table FILE     write the table into this document, between its markers
      --samples FILE   write every single measurement into this file, as JSON
      --folder PATH    a tmpfs with 6 GiB free   (/dev/shm)
      --gate           what CI asks: counts against counts.json, and one coarse ratio
      --record         measure the counts and write counts.json
      --list           the names of the rows
    """

  init(_ words: [String]) throws(Message) {
    var rest = words[...]
    var isQuick = false
    func value(of option: String) throws(Message) -> String {
      guard let value = rest.popFirst() else { throw Message("\(option) needs a value") }
      return value
    }
    while let word = rest.popFirst() {
      switch word {
      case "--dmio": dmio = try value(of: word)
      case "--folder": folder = try value(of: word)
      case "--table": table = try value(of: word)
      case "--samples": samples = try value(of: word)
      case "--only": only.append(try value(of: word))
      case "--rounds":
        let text = try value(of: word)
        guard let count = Int(text), (1...1000).contains(count) else { throw Message("--rounds does not take \(text)") }
        rounds = count
      case "--seconds":
        let text = try value(of: word)
        guard let length = Double(text), (0.01...60).contains(length) else {
          throw Message("--seconds does not take \(text)")
        }
        seconds = length
      case "--quick": isQuick = true
      case "--gate": mode = .gate
      case "--record": mode = .record
      case "--list": mode = .list
      case "--help", "-h": mode = .help
      default: throw Message("there is no option \(word)\n\n\(Arguments.usage)")
      }
    }
    if isQuick { (rounds, seconds) = (3, 0.1) }
    // A document says what a whole, long run found, or nothing.
    if table != nil, !only.isEmpty || rounds.map({ $0 < 15 }) == true || seconds < 0.2 {
      throw Message(
        "--table takes all rows, 15 rounds and 0.2 s at least: leave out --only, --quick, --rounds and --seconds")
    }
  }

  /// How long a turn of an experiment's contestants takes.
  func seconds(_ experiment: Experiment) -> Double {
    seconds * Double(experiment.lengthening) / Double(experiment.turns)
  }

  /// How often an experiment is repeated.
  func rounds(_ rounds: Experiment.Rounds) -> Int {
    switch rounds {
    case .most: self.rounds ?? 60
    case .many: self.rounds ?? 30
    case .few: self.rounds ?? 15
    case .several: self.rounds.map { ($0 + 2) / 3 } ?? 21
    case .some: self.rounds.map { ($0 + 2) / 3 } ?? 9
    case .one: 1
    }
  }
}
