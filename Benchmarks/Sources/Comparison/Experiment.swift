/// A program with its arguments, as one of those that are compared.
public struct Contestant: Sendable {
  /// How rows and the table call it; unique in its experiment.
  public let name: String
  /// The program and its arguments. `{dmio}`, `{loop}`… are places that the runner fills in.
  public let command: [String]
  /// How it is measured.
  public let meter: Meter

  /// A contestant.
  public init(_ name: String, _ command: [String], meter: Meter = .report) {
    self.name = name
    self.command = command
    self.meter = meter
  }

  /// The same once more. Its ratio to the first is the noise of the run.
  public var twin: Contestant { Contestant("\(name)-2", command, meter: meter) }

  /// The places that the command needs.
  public var places: Set<String> {
    Set(command.flatMap { $0.matches(of: #/\{([a-z0-9]+)\}/#).map { String($0.1) } })
  }

  /// The command with all places filled in; nil when one is missing.
  public func filled(with places: [String: String]) -> [String]? {
    guard self.places.allSatisfy({ places[$0] != nil }) else { return nil }
    return command.map { argument in
      argument.replacing(#/\{([a-z0-9]+)\}/#) { places[String($0.1)] ?? "" }
    }
  }
}

/// How a contestant is measured.
public enum Meter: Sendable, Equatable {
  /// It prints one JSON object about itself.
  case report
  /// It is fio.
  case fio
  /// It copies, and is timed from outside. Its targets, `{folder}/target…`, are removed before each run.
  case stopwatch(gib: Double)
  /// Its instructions in user space are counted, twice, with `{ios}` I/Os; the difference counts.
  case callgrind
  /// Its heap allocations are counted in the same way.
  case mallocs
}

/// Contestants that take turns.
public struct Experiment: Sendable {
  /// How rows refer to it; unique.
  public let id: String
  /// What all of its contestants do.
  public let title: String
  /// In the order of the first turn.
  public let contestants: [Contestant]
  /// How often each runs, unless the runner is told otherwise.
  public let rounds: Rounds
  /// How many times as long as others they run: more than 1 where they need some milliseconds until all is as it stays.
  public let lengthening: Int

  /// How often an experiment is repeated.
  public enum Rounds: Sendable {
    /// 60: short runs, where a bar lies within a few percent of what is possible.
    case most
    /// 30: short runs.
    case many
    /// 15: short runs, where nothing is close.
    case few
    /// 21: runs that take as long as they take, where a bar is close.
    case several
    /// 9: runs that take as long as they take.
    case some
    /// Once: what does not change from run to run.
    case one
  }

  /// An experiment.
  public init(_ id: String, _ title: String, rounds: Rounds = .many, lengthening: Int = 1, _ contestants: [Contestant])
  {
    self.id = id
    self.title = title
    self.rounds = rounds
    self.lengthening = lengthening
    self.contestants = contestants
  }

  /// The places that its contestants need.
  public var places: Set<String> { contestants.reduce(into: []) { $0.formUnion($1.places) } }

  /// Who runs when in a turn: A B, then B A, then A B. A machine that slows down slows down both.
  ///
  /// What somebody leaves behind, such as the memory of a copy, is felt by whoever comes next. So more than two run in the rows of
  /// Williams' square, each followed by its reverse: in twice as many turns as there are contestants each of them is in each place
  /// twice, and comes right after each other one equally often.
  public func order(inTurn turn: Int) -> [Contestant] {
    let count = contestants.count
    let row = count > 2 ? turn / 2 : 0
    // 0, 1, n - 1, 2, n - 2…: all differences between neighbours, once each.
    let order = (0..<count).map { place in
      contestants[((place.isMultiple(of: 2) ? count - place / 2 : place / 2 + 1) + row) % count]
    }
    return turn.isMultiple(of: 2) ? order : order.reversed()
  }

  /// How many turns make a round, each as much shorter: 4 where all tell about themselves, as such a run begins with its first
  /// I/O. A machine that changes its speed a few times a second, as virtual ones do, changes it for all of them: the ratios of
  /// a program to itself spread half as much.
  public var turns: Int { contestants.allSatisfy { $0.meter == .report } ? 4 : 1 }
}
