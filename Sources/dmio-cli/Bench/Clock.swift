internal import Glibc

/// The clocks that a bench reads.
enum Clock {
  /// Nanoseconds of a clock that nobody sets.
  @inline(__always)
  static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// Nanoseconds of processor time that the process has used, in its own code and in the kernel.
  static var used: UInt64 {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return microseconds(usage.ru_utime) * 1000 + microseconds(usage.ru_stime) * 1000
  }

  private static func microseconds(_ time: timeval) -> UInt64 { UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_usec) }
}
