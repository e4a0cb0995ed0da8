import Foundation

/// What a table was measured on, and with which versions.
enum Machine {
  /// Lines of Markdown.
  static func description(_ lab: Lab) -> [String] {
    let date = Date.now.formatted(.iso8601.year().month().day())
    return [
      "Measured on \(date): \(processor), \(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores, \(memory) GiB of memory; "
        + "\(system), Linux \(line(of: "/proc/sys/kernel/osrelease"))."
        + (lab.keepsMemory ? " Memory that copies set free was not given back to the host." : ""),
      "",
      "Versions: \(versions(lab).joined(separator: ", ")).",
    ]
  }

  private static var processor: String {
    let lines = text(of: "/proc/cpuinfo").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
  }

  private static var memory: Int {
    let words = text(of: "/proc/meminfo").split(separator: "\n").first?.split(separator: " ") ?? []
    let kib = words.dropFirst().first.flatMap { Int($0) } ?? 0
    return (kib + (1 << 19)) >> 20
  }

  private static var system: String {
    let lines = text(of: "/etc/os-release").split(separator: "\n")
    let name = lines.first { $0.hasPrefix("PRETTY_NAME=") }?.split(separator: "\"").last
    return name.map { String($0) } ?? "unknown system"
  }

  /// Asked of the programs themselves; one that cannot say is left out.
  private static func versions(_ lab: Lab) -> [String] {
    let asked: [(String, [String])] = [
      ("commit", ["git", "describe", "--always", "--dirty"]),
      ("Swift", ["swift", "--version"]),
      ("liburing", ["pkg-config", "--modversion", "liburing"]),
      ("gcc", ["cc", "-dumpfullversion"]),
      ("fio", ["fio", "--version"]),
      ("coreutils", ["cp", "--version"]),
      ("qemu-img", ["qemu-img", "--version"]),
      ("nbdcopy", ["nbdcopy", "--version"]),
      ("ddrescue", ["ddrescue", "--version"]),
      ("dcfldd", ["dcfldd", "--version"]),
      ("dc3dd", ["dc3dd", "--version"]),
      ("valgrind", ["valgrind", "--version"]),
    ]
    let told = asked.compactMap { name, command -> String? in
      guard let output = try? lab.child.run(command) else { return nil }
      return version(in: String(decoding: output, as: UTF8.self)).map { "\(name) \($0)" }
    }
    return told + packages
  }

  /// The last word of the first line that has a digit, as a rule; a commit is its own version.
  static func version(in output: String) -> String? {
    guard let first = output.split(separator: "\n").first else { return nil }
    let words = first.split { " ()".contains($0) }
    return (words.first { $0.contains(/\d+\.\d+/) } ?? words.last).map {
      String($0.replacing(/^[a-z]+-(?=\d)/, with: ""))
    }
  }

  /// The Swift packages that were resolved for this one.
  private static var packages: [String] {
    struct Resolved: Decodable {
      struct Pin: Decodable {
        struct State: Decodable { let version: String? }
        let identity: String
        let state: State
      }
      let pins: [Pin]
    }
    guard let data = FileManager.default.contents(atPath: "Package.resolved"),
      let resolved = try? JSONDecoder().decode(Resolved.self, from: data)
    else { return [] }
    return resolved.pins.filter { ["swift-nio", "swift-system"].contains($0.identity) }
      .compactMap { pin in pin.state.version.map { "\(pin.identity) \($0)" } }
  }

  private static func text(of path: String) -> String {
    // Files of the kernel have no size, so they are read to their end.
    FileHandle(forReadingAtPath: path).map { String(decoding: $0.readDataToEndOfFile(), as: UTF8.self) } ?? ""
  }

  private static func line(of path: String) -> String {
    text(of: path).trimmingCharacters(in: .newlines)
  }
}
