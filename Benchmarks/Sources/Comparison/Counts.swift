public import Foundation

/// The figures that CI holds the project to: what does not depend on how busy a machine is.
public struct Counts: Codable, Sendable, Equatable {
  /// By door.
  public var instructionsPerIO: [String: Double]
  /// By door.
  public var allocationsPerIO: [String: Double]

  enum CodingKeys: String, CodingKey {
    case instructionsPerIO = "instructions_per_io"
    case allocationsPerIO = "allocations_per_io"
  }

  /// More than this part over the recorded figure is a step back.
  public static let tolerance = 0.05

  /// These figures.
  public init(instructionsPerIO: [String: Double], allocationsPerIO: [String: Double]) {
    self.instructionsPerIO = instructionsPerIO
    self.allocationsPerIO = allocationsPerIO
  }

  /// From a file that `json` wrote.
  public init(json: Data) throws {
    self = try JSONDecoder().decode(Counts.self, from: json)
  }

  /// For a file that people read and compare.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// To as many places as mean something, so that a file of them changes only when they do.
  public var rounded: Counts {
    Counts(
      instructionsPerIO: instructionsPerIO.mapValues { ($0 * 10).rounded() / 10 },
      allocationsPerIO: allocationsPerIO.mapValues { ($0 * 1000).rounded() / 1000 })
  }

  /// What is worse in `measured` than in these, one sentence each. A figure that was not measured is worse.
  public func stepsBack(in measured: Counts) -> [String] {
    Counts.stepsBack(
      "instructions per I/O", recorded: instructionsPerIO, measured: measured.instructionsPerIO, noise: 0)
      + Counts.stepsBack(
        "heap allocations per I/O", recorded: allocationsPerIO, measured: measured.allocationsPerIO,
        noise: Verdict.startUpAllocations)
  }

  private static func stepsBack(
    _ what: String, recorded: [String: Double], measured: [String: Double], noise: Double
  ) -> [String] {
    recorded.sorted { $0.key < $1.key }.compactMap { door, limit in
      guard let value = measured[door] else { return "\(what), \(door) door: not measured" }
      guard value > limit * (1 + tolerance) + noise else { return nil }
      let percent = limit > 0 ? " (\(String(format: "%+.1f", (value / limit - 1) * 100)) %)" : ""
      return "\(what), \(door) door: \(String(format: "%.3f", value)), recorded \(limit)\(percent)"
    }
  }
}
