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
  /// A signal ended it early.
  case interrupted = 7

  /// Targets that have to be good.
  static let required = 1

  /// The code of a copy: the first that applies, the worst first.
  static func of(interrupted: Bool, good: Int, targets: Int, holes: Bool) -> ExitCode {
    if interrupted { return .interrupted }
    if good < min(required, targets) { return .tooFewTargets }
    if good < targets { return .someTargetsFailed }
    return holes ? .sourceHoles : .good
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
