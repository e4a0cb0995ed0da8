import Comparison
import Foundation

/// Runs one contestant once and says what came out.
struct Meters {
  let lab: Lab
  let seconds: Double

  /// Two lengths; what the start of a program costs falls out of their difference.
  static let lengths = (short: 50_000, long: 150_000)

  /// One run of `contestant`.
  func run(_ contestant: Contestant) throws(Message) -> Sample {
    do {
      switch contestant.meter {
      case .report: return try Sample(report: try lab.child.run(command(contestant)))
      case .fio: return try Sample(fio: try lab.child.run(command(contestant)))
      case .stopwatch(let gib): return try time(contestant, gib: gib)
      case .callgrind: return try countInstructions(contestant).sample
      case .mallocs: return try countAllocations(contestant)
      }
    } catch let error as Message {
      throw error
    } catch {
      throw Message("\(error)")
    }
  }

  /// The sample, and what each function has of it.
  func countInstructions(
    _ contestant: Contestant
  ) throws(Message) -> (sample: Sample, parts: [(function: String, perIO: Double)]) {
    let profiles = [
      try profile(contestant, ios: Meters.lengths.short), try profile(contestant, ios: Meters.lengths.long),
    ]
    let ios = Meters.lengths.long - Meters.lengths.short
    let perIO = Profile.perIO(short: profiles[0], long: profiles[1], ios: ios)
    return (Sample([.instructionsPerIO: perIO]), Profile.parts(short: profiles[0], long: profiles[1], ios: ios))
  }

  private func profile(_ contestant: Contestant, ios: Int) throws(Message) -> Profile {
    var command = try command(contestant, ios: ios)
    command[0] = try stripped(command[0])
    let file = lab.folder.appendingPathComponent("callgrind")
    try lab.child.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=\(file.path)"] + command)
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { throw Message("callgrind wrote nothing") }
    return Profile(callgrind: text)
  }

  /// A copy of `program` without debug information, which this valgrind cannot read.
  private func stripped(_ program: String) throws(Message) -> String {
    let copy = lab.folder.appendingPathComponent("stripped").path
    try lab.child.run(["strip", "-g", "-o", copy, program])
    return copy
  }

  private func countAllocations(_ contestant: Contestant) throws(Message) -> Sample {
    let file = lab.folder.appendingPathComponent("allocations")
    let library = try program("mallocs")
    func count(_ ios: Int) throws(Message) -> Int {
      try? FileManager.default.removeItem(at: file)
      try lab.child.run(
        command(contestant, ios: ios), environment: ["LD_PRELOAD": library, "DMIO_MALLOCS_FILE": file.path])
      let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      guard let count = Int(text.trimmingCharacters(in: .newlines)) else {
        throw Message("its allocations were not counted")
      }
      return count
    }
    let more = try count(Meters.lengths.long) - count(Meters.lengths.short)
    return Sample([.allocationsPerIO: Double(more) / Double(Meters.lengths.long - Meters.lengths.short)])
  }

  private func time(_ contestant: Contestant, gib: Double) throws -> Sample {
    let command = try command(contestant)
    let stopwatch = try program("stopwatch")
    // Else it would be a program that the stopwatch does not find, which says less.
    _ = try Child.find(command[0])
    try lab.prepareCopy(command, gib: gib)
    let file = lab.folder.appendingPathComponent("times")
    try lab.child.run([stopwatch, file.path] + command)
    return try Sample(stopwatch: try Data(contentsOf: file), gib: gib)
  }

  private func program(_ name: String) throws(Message) -> String {
    guard let path = lab.places[name] else { throw Message(lab.failures[name] ?? "there is no \(name)") }
    return path
  }

  private func command(_ contestant: Contestant, ios: Int? = nil) throws(Message) -> [String] {
    var places = lab.places
    places["seconds"] = "\(seconds)"
    places["milliseconds"] = "\(Int(seconds * 1000))"
    places["ios"] = ios.map(String.init)
    if let command = contestant.filled(with: places) { return command }
    let missing = contestant.places.subtracting(places.keys).sorted()
    throw Message(missing.map { "\($0): \(lab.failures[$0] ?? "missing")" }.joined(separator: "; "))
  }
}
