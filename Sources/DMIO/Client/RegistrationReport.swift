internal import Synchronization

/// How much of a client's memory its ring knows beforehand, and why not more.
public struct RegistrationReport: Sendable, Hashable {
  /// Pages that were asked for.
  public let pages: Int
  /// Pages that the ring took: all, some of them, or none. The others work the same, a little slower.
  public let registeredPages: Int
  /// Why it is so many: a sentence for people.
  public let reason: String
}

extension BlockClient {
  /// What became of the pages that were to be registered.
  public var registration: RegistrationReport {
    let registered = arena.registered.load(ordering: .relaxed)
    let refusal = Errno(rawValue: arena.refusal.load(ordering: .relaxed))
    let reason =
      if registered == arena.pages {
        "all that were asked for"
      } else if engine.kind == .threads {
        "without io_uring there is no ring to know them"
      } else if refusal == .ENOMEM {
        "RLIMIT_MEMLOCK allows no more: raise it with 'ulimit -l', or LimitMEMLOCK= of a service"
      } else {
        refusal.message
      }
    return RegistrationReport(pages: arena.pages, registeredPages: registered, reason: reason)
  }
}
