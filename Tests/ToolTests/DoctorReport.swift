import Foundation
import Testing

/// What `dmio doctor --json` prints, read strictly: a key that is missing or of another kind fails the test.
struct DoctorReport: Decodable {
  struct Finding: Decodable {
    let kind: String
    let message: String
    let fix: String?
  }

  struct Device: Decodable {
    let device: String
    let error: String?
    let findings: [Finding]
    /// The rest is there for devices that could be opened, and for block devices.
    let kind: String?
    let bytes: UInt64?
    let logicalBlock: Int?
    let offsetAlignment: Int?
    let logicalSector: Int?
    let physicalSector: Int?
    let writeCache: String?
    let readOnly: Bool?
    let loopFile: String?
    let lane: String?
    let fileSystem: String?

    func finding(_ kind: String) -> Finding? { findings.first { $0.kind == kind } }
  }

  let schema: Int
  let version: String
  let exit: Int32
  let engine: String
  let engineReason: String
  let registeredPages: Int
  let wantedPages: Int
  let memlockBytes: UInt64?
  let findings: [Finding]
  let devices: [Device]

  init(_ output: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(DoctorReport.self, from: Data(output))
  }

  /// Looks at devices.
  static func of(_ devices: String..., in folder: TemporaryFolder) throws -> DoctorReport {
    let run = try Tool.run(["doctor", "--json"] + devices, in: folder)
    let report = try DoctorReport(run.output)
    #expect(report.exit == run.exit && report.schema == 1, "\(run.error)")
    return report
  }
}
