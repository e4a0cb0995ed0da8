import Foundation

/// What the user is told when something cannot be done: what it was, and why.
struct Message: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// Prints to standard error: the table alone stands on standard output.
func say(_ text: String, terminator: String = "\n") {
  FileHandle.standardError.write(Data((text + terminator).utf8))
}
