/// Why something that was typed, or a fault plan, was refused: a sentence that names the text and the remedy.
///
/// The message is safe to print on a terminal, whatever the text was: it went through `printable`.
public struct NameError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The sentence, without a full stop and without the tool's name.
  public let message: String

  /// An error with the sentence `message`, in which what a terminal would act on is escaped.
  public init(_ message: String) { self.message = printable(message) }

  /// The message.
  public var description: String { message }
}
