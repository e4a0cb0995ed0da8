internal import DMIO
internal import DMIONames
internal import Glibc

/// Asks before a block device, or a file where that is wanted, is overwritten, where there is somebody to ask.
enum Confirmation {
  /// Refuses the targets that nobody agreed to.
  static func ask(_ targets: [TargetOperand], asksForFiles: Bool) throws(Refusal) {
    for target in targets {
      guard let report = target.opened.report, report.isBlockDevice || asksForFiles else { continue }
      let name = target.stack.name
      guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
        let kind = report.isBlockDevice ? "a block device" : "a file with data"
        throw Refusal("\(name): is \(kind); --yes overwrites it without asking")
      }
      let model = report.isBlockDevice ? BlockNumbers(report.special).model.map { ", model \($0)" } ?? "" : ""
      let size = ByteSize(bytes: target.opened.bytes).description
      StandardStreams.error("Overwrite \(name) (\(size)\(model))? [y/N] ")
      let answer = readLine() ?? ""
      if Interrupts.areWanted { throw Refusal("interrupted before anything was written", exit: .interrupted) }
      guard ["y", "yes"].contains(answer.lowercased()) else { throw Refusal("\(name): not overwritten") }
    }
  }
}
