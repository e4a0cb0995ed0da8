internal import DMIO
internal import DMIONames
internal import Glibc

/// What every device shares: the engine, and the memory that it may have locked.
struct EngineCheckup {
  let facts: [Fact]
  let findings: [Finding]

  init(_ client: BlockClient) {
    let facts = EngineFacts(client)
    let limits = MemoryLimits()
    self.facts = [facts.engine, facts.registration, limits.fact(wantedPages: client.registration.pages)]
    var findings: [Finding] = []
    if let errno = client.engine.refusal {
      let setting = KernelText.line("/proc/sys/kernel/io_uring_disabled").flatMap { Int($0) }
      findings.append(EngineCheckup.finding(errno, setting: setting, limits))
    } else if let finding = limits.finding(client) {
      findings.append(finding)
    }
    self.findings = findings
  }

  /// Why there is no io_uring, and what would change that.
  ///
  /// - Parameter setting: What kernel.io_uring_disabled is; nil where the kernel has no such setting.
  static func finding(_ errno: Errno, setting: Int?, _ limits: MemoryLimits) -> Finding {
    let container = "docker run --security-opt seccomp=unconfined ..."
    switch (errno, setting ?? 0) {
    case (.EPERM, 1...):
      return Finding(
        kind: .ioUring, message: "threads are used: kernel.io_uring_disabled is \(setting ?? 0) (EPERM)",
        fix: "sysctl -w kernel.io_uring_disabled=0")
    case (.EPERM, _):
      return Finding(
        kind: .ioUring,
        message: "threads are used: a container's seccomp profile, or a security module, forbids io_uring (EPERM)",
        fix: container)
    case (.ENOSYS, _):
      return Finding(
        kind: .ioUring,
        message: "threads are used: io_uring is hidden by a seccomp profile, or not in this kernel (ENOSYS)",
        fix: container)
    case (.ENOMEM, _):
      return Finding(
        kind: .ioUring, message: "threads are used: RLIMIT_MEMLOCK is too low for io_uring's queues (ENOMEM)",
        fix: limits.raising)
    default:
      return Finding(
        kind: .ioUring, message: "threads are used: io_uring fails (\(errno.name): \(errno.message))", fix: nil)
    }
  }
}
