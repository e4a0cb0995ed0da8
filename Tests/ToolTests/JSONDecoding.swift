import Foundation
import Testing

/// The object that a run which could not start leaves.
enum JSONDecoding {
  static func failure(_ run: Tool) throws -> Failure {
    try JSONDecoder().decode(Failure.self, from: Data(run.output))
  }

  /// The JSON on standard output, for `info`.
  static func object(_ run: Tool) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(run.output)) as? [String: Any])
  }
}
