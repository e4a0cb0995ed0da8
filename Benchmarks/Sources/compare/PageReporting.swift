import Foundation

/// What a virtual machine does with memory that was set free: it gives it back to its host, page by page, and pays
/// for the next touch of each with several times what copying it costs. Which copy pays is chance, because the pages
/// are given back while the next ones run.
///
/// Where the kernel lets it be put off, it is, for as long as copies are measured. The former values are written down in
/// the folder, so that the next run restores them if this one is cut off.
enum PageReporting {
  private static let parameters = "/sys/module/page_reporting/parameters"
  /// How long a page must have been free, and how much must wait for it to be done at once: the most that can be set.
  private static let patience = [("min_free_ms", "60000"), ("max_waiting_mib", "65536")]

  /// Puts it off. False where the kernel has no such parameters, or this user may not set them.
  static func putOff(_ folder: URL) -> Bool {
    let former = patience.compactMap { name, _ in value(name).map { "\(name) \($0)" } }
    guard former.count == patience.count,
      (try? former.joined(separator: "\n").write(to: note(folder), atomically: true, encoding: .utf8)) != nil
    else { return false }
    return patience.allSatisfy { name, value in set(name, value) }
  }

  /// Restores what the folder's note names, if there is one.
  static func resume(_ folder: URL) throws(Message) {
    guard let former = try? String(contentsOf: note(folder), encoding: .utf8) else { return }
    for line in former.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 2, set(words[0], words[1]) else {
        throw Message("\(parameters) cannot be restored, which \(note(folder).path) has the values of")
      }
    }
    try? FileManager.default.removeItem(at: note(folder))
  }

  private static func note(_ folder: URL) -> URL { folder.appendingPathComponent("page-reporting") }

  private static func value(_ name: String) -> String? {
    let value = try? String(contentsOfFile: "\(parameters)/\(name)", encoding: .utf8)
    return value?.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func set(_ name: String, _ value: String) -> Bool {
    (try? value.write(toFile: "\(parameters)/\(name)", atomically: false, encoding: .utf8)) != nil
  }
}
