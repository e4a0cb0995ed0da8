internal import Foundation

/// What is measured of one run of a program.
public enum Quantity: String, Sendable, Hashable, CaseIterable, CodingKeyRepresentable, Encodable {
  case iops
  case cpuNanosecondsPerIO
  case seconds
  case cpuSeconds
  case gibPerSecond
  case peakMiB
  case instructionsPerIO
  case allocationsPerIO

  /// `value` for a reader, with its unit.
  public func format(_ value: Double) -> String {
    switch self {
    case .iops where value >= 1e6: String(format: "%.3f M", value / 1e6)
    case .iops where value >= 1e3: String(format: "%.1f k", value / 1e3)
    case .iops: String(format: "%.0f", value)
    case .cpuNanosecondsPerIO where value >= 1e4: String(format: "%.1f µs", value / 1e3)
    case .cpuNanosecondsPerIO: String(format: "%.0f ns", value)
    case .seconds, .cpuSeconds: String(format: "%.3f s", value)
    case .gibPerSecond: String(format: "%.2f GiB/s", value)
    case .peakMiB: String(format: "%.1f MiB", value)
    case .instructionsPerIO: String(format: "%.1f", value)
    case .allocationsPerIO: String(format: "%.3f", value)
    }
  }
}
