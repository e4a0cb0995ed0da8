internal import ArgumentParser
internal import DMIONames
internal import Glibc

/// The process: arguments in, one of our exit codes out.
@main
enum Main {
  static func main() {
    // Whoever reads our output may go; a write then says so.
    _ = signal(SIGPIPE, SIG_IGN)
    // A file that may not grow any more is that file's error.
    _ = signal(SIGXFSZ, SIG_IGN)
    StandardStreams.occupy()
    let arguments = self.arguments
    do {
      try refuseEmptyValues(arguments)
      var command = try DMIOCommand.parseAsRoot(arguments)
      try command.run()
      end(.good)
    } catch let refusal as Refusal {
      end(refusal, json: wantsJSON(arguments))
    } catch {
      endParsing(error, json: wantsJSON(arguments))
    }
  }

  /// Ends the process. Nothing is waited for: what is still in flight belongs to a device that hangs.
  static func end(_ code: ExitCode) -> Never { Glibc._exit(code.rawValue) }

  /// Ends the process with the reason on standard error and, if wanted, as JSON on standard output.
  static func end(_ refusal: Refusal, json: Bool) -> Never {
    StandardStreams.message(refusal.message)
    if Streams.isSilent(STDERR_FILENO), !json { StandardStreams.output("dmio: \(refusal.message)\n") }
    if json { StandardStreams.output(Receipt.json(refusal).text + "\n") }
    end(refusal.exit)
  }

  /// Ends the process after what the parser of the command line says: help, the version, or what is wrong.
  private static func endParsing(_ error: any Error, json: Bool) -> Never {
    let isClean = DMIOCommand.exitCode(for: error).isSuccess
    let text = lines(DMIOCommand.fullMessage(for: error))
    if isClean {
      StandardStreams.output(text + "\n")
      end(.good)
    }
    StandardStreams.error(text + "\n")
    if json {
      let refusal = Refusal(printable(DMIOCommand.message(for: error)), exit: .usage)
      StandardStreams.output(Receipt.json(refusal).text + "\n")
    }
    end(.usage)
  }

  /// The text with each line made printable: it may quote what was typed.
  private static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { printable(String($0)) }.joined(separator: "\n")
  }

  /// Refuses `--name=` with nothing behind it, as an unset variable leaves it: the parser would take the next operand for the
  /// value, so that another file becomes a target.
  private static func refuseEmptyValues(_ arguments: [String]) throws(Refusal) {
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") && argument.hasSuffix("=") {
      let name = argument.dropLast()
      guard name.count > 2, !name.contains("=") else { continue }
      throw Refusal(
        "\(printable(String(name))): its value is empty; write one behind the =, or leave it out", exit: .usage)
    }
  }

  private static func wantsJSON(_ arguments: [String]) -> Bool { arguments.prefix { $0 != "--" }.contains("--json") }

  /// The arguments as text that keeps every byte.
  private static var arguments: [String] {
    var arguments: [String] = []
    for index in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = unsafe CommandLine.unsafeArgv[index] else { break }
      let bytes = unsafe UnsafeBufferPointer(start: argument, count: strlen(argument)).map { UInt8(bitPattern: $0) }
      arguments.append(RawArgument.text(of: bytes))
    }
    return arguments
  }
}
