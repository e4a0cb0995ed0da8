internal import ArgumentParser
internal import DMIO
internal import DMIONames

/// Which engine carries out the I/O of files.
enum EngineOption: String, ExpressibleByArgument, CaseIterable {
  case auto, uring, threads

  var choice: EngineChoice {
    switch self {
    case .auto: .auto
    case .uring: .uring
    case .threads: .threads
    }
  }
}

/// What every command understands.
struct EngineOptions: ParsableArguments {
  @Option(help: "Who does the I/O.") var engine = EngineOption.auto
}

/// What the commands with a receipt understand.
struct ReceiptOptions: ParsableArguments {
  @Flag(help: "Print a receipt in JSON on standard output.") var json = false
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if json { try progress.refuseStandardOutput("--json prints one object, and nothing else") }
  }
}

/// What the commands that write understand.
struct OverwriteOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Overwrite block devices without asking.") var yes = false
}

/// Operands as they were typed.
enum Operands {
  /// The region that `text` names; a text that names none is a usage error.
  static func region(_ text: String) throws(Refusal) -> RegionOperand {
    do throws(NameError) { return try RegionOperand(parsing: text) } catch {
      throw Refusal(error.message, exit: .usage)
    }
  }

  /// The operand of a command that looks at devices as a whole.
  static func wholeDevice(_ text: String) throws(Refusal) -> RegionOperand {
    let operand = try region(text)
    guard operand.namedOffset == nil, operand.size == nil else {
      throw Refusal("'offset=' and 'size=': here a whole device is wanted, not a region of one", exit: .usage)
    }
    return operand
  }

  static func regions(_ texts: [String]) throws(Refusal) -> [RegionOperand] {
    if texts.count > Limits.regions {
      throw Refusal("\(texts.count) targets; there can be \(Limits.regions)", exit: .usage)
    }
    var regions: [RegionOperand] = []
    for text in texts { regions.append(try region(text)) }
    return regions
  }
}
