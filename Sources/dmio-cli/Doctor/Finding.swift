/// Something about a device or the machine that is in somebody's way or costs something.
struct Finding {
  /// Its kind, as programs read it.
  enum Kind: String {
    /// io_uring is refused.
    case ioUring = "io_uring"
    /// RLIMIT_MEMLOCK lets less be registered than a copy would.
    case memlock
    /// The way leads through the page cache.
    case buffered
    /// A loop device that puts its file into the page cache once more.
    case loopBuffered = "loop_buffered"
    case readOnly = "read_only"
    /// The user may not open it, or not for writing.
    case permission
    case mounted, swap, held
  }

  let kind: Kind
  /// A sentence for people.
  let message: String
  /// A command that ends it; nil where none does.
  let fix: String?

  /// The finding as the reason why nothing is done.
  var reason: String { message + (fix.map { "; remedy: \($0)" } ?? "") }

  var json: JSON {
    .object([("kind", .string(kind.rawValue)), ("message", .string(message)), ("fix", .string(orNull: fix))])
  }
}

extension [Finding] {
  /// Two lines for each.
  var text: String {
    flatMap { finding in [Fact("finding", finding.message)] + (finding.fix.map { [Fact("fix", $0)] } ?? []) }.text
  }
}
