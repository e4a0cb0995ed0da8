/// How a run ended, as the shell sees it.
enum ExitCode: Int32 {
  /// Everything is good.
  case good = 0
  /// It could not start, or something fatal happened.
  case fatal = 1
  /// The command line is wrong.
  case usage = 2
  /// Some targets failed; as many as are required are good.
  case someTargetsFailed = 3
  /// The targets are good, but the source had sectors that cannot be read.
  case sourceHoles = 4
  /// Fewer targets are good than are required.
  case tooFewTargets = 5
  /// What was read back, or compared, is not what the source holds.
  case mismatch = 6
  /// A signal ended it early; what was kept of it can be resumed.
  case interrupted = 7

  /// What the code of a copy goes by.
  struct Outcome {
    var isInterrupted: Bool
    var good: Int
    var targets: Int
    var required: Int
    var hasMismatches: Bool
    var hasHoles: Bool
  }

  /// The code of a copy: the first that applies, the worst first.
  static func of(_ outcome: Outcome) -> ExitCode {
    if outcome.isInterrupted { return .interrupted }
    if outcome.good < outcome.required { return .tooFewTargets }
    if outcome.hasMismatches { return .mismatch }
    if outcome.good < outcome.targets { return .someTargetsFailed }
    return outcome.hasHoles ? .sourceHoles : .good
  }
}

/// Why a run does not start, or cannot go on: one sentence that is safe to print.
struct Refusal: Error {
  let exit: ExitCode
  let message: String

  init(_ message: String, exit: ExitCode = .fatal) {
    self.message = message
    self.exit = exit
  }
}
