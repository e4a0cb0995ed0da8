internal import DMIO
internal import DMIONames
internal import Glibc

/// How much memory this process may lock: RLIMIT_MEMLOCK.
struct MemoryLimits {
  /// Bytes; nil without limit.
  let soft: UInt64?
  /// What the process may raise it to.
  let hard: UInt64?

  init(soft: UInt64?, hard: UInt64?) { (self.soft, self.hard) = (soft, hard) }

  /// Those of this process.
  init() {
    var limits = rlimit()
    _ = unsafe getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limits)
    func finite(_ value: rlim_t) -> UInt64? { value == .max ? nil : UInt64(value) }
    self.init(soft: finite(limits.rlim_cur), hard: finite(limits.rlim_max))
  }

  /// The limit, beside what a copy wants.
  func fact(wantedPages: Int) -> Fact {
    let wanted = UInt64(wantedPages * Limits.pageBytes)
    return Fact(
      "memlock limit",
      "\(soft.map { ByteSize(bytes: $0).description } ?? "none"); a copy would register \(ByteSize(bytes: wanted))",
      ("memlock_bytes", .number(orNull: soft)), ("wanted_pages", .number(UInt64(wantedPages))))
  }

  /// What the limit keeps from being registered; nil when nothing is.
  func finding(_ client: BlockClient) -> Finding? {
    let (registration, page) = (client.registration, UInt64(Limits.pageBytes))
    guard registration.registeredPages < registration.pages else { return nil }
    let registered = ByteSize(bytes: UInt64(registration.registeredPages) * page)
    let wanted = ByteSize(bytes: UInt64(registration.pages) * page)
    return Finding(
      kind: .memlock,
      message: "\(registered) of \(wanted) are registered, so large direct transfers cost more; in a systemd service "
        + "set LimitMEMLOCK=infinity",
      fix: raising)
  }

  /// The command that raises it for what the shell starts afterwards.
  var raising: String {
    hard == nil ? "ulimit -l unlimited" : "sudo prlimit --pid $$ --memlock=unlimited:unlimited"
  }
}
