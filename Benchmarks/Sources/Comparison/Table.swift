internal import Foundation

/// The verdicts as a Markdown table, which is also what is printed.
public struct Table: Sendable {
  private static let header = ["what", "bar", "reach for", "measured", "noise", "subject", "reference", "verdict"]
  private let verdicts: [Verdict]

  /// Of these verdicts, in their order.
  public init(_ verdicts: [Verdict]) {
    self.verdicts = verdicts
  }

  /// The lines of the table, its columns aligned for those who read it as text.
  public var markdown: String {
    let rows = [Table.header] + verdicts.map(Table.cells)
    let widths = Table.header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    func line(_ cells: [String]) -> String {
      "| " + zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
        + " |"
    }
    let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
    return ([line(rows[0]), rule] + rows.dropFirst().map(line)).joined(separator: "\n")
  }

  /// One sentence about all of them.
  public var summary: String {
    let bars = verdicts.count { $0.isMet != nil }
    let missed = verdicts.count(where: \.isMissed)
    let beyond = verdicts.count(where: \.isBeyondC)
    if beyond > 0 {
      return
        "\(missed) of \(bars) bars are NOT met by dmio alone, \(beyond) \(beyond == 1 ? "is" : "are") beyond C on this machine."
    }
    return missed == 0 ? "All \(bars) bars are met." : "\(missed) of \(bars) bars are NOT met."
  }

  static func cells(_ verdict: Verdict) -> [String] {
    let row = verdict.row
    let isRatio = !row.reference.isEmpty
    let number = isRatio ? { String(format: "%.3f", $0) } : row.quantity.format
    var reference = verdict.reference.map(row.quantity.format) ?? "–"
    // Who was the best is news.
    if row.reference.count > 1, let name = verdict.referenceName { reference += " (\(name))" }
    return [
      row.what,
      row.bar?.description ?? "–",
      row.reach.isEmpty ? "–" : row.reach,
      verdict.value.map(number) ?? "–",
      verdict.noise.map { String(format: "%.3f", $0) } ?? "–",
      verdict.subject.map(row.quantity.format) ?? "–",
      reference,
      text(verdict),
    ].map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }
  }

  private static func nor(_ verdict: Verdict) -> String {
    guard let ofC = verdict.ofC else { return "" }
    let number = String(format: "%.2f", ofC)
    // How much of C's own speed the bar asks for.
    return verdict.isBeyondC ? ", nor by C (\(number))" : "; C makes \(number)"
  }

  private static func text(_ verdict: Verdict) -> String {
    let because = verdict.reason.map { ": \($0)" } ?? (verdict.isNoisy ? ", in a noisy run" : "")
    return switch verdict.isMet {
    case true?: "met\(because)"
    case false?: "**NOT met**\(nor(verdict))\(because)"
    case nil: verdict.reason.map { "did not run: \($0)" } ?? "shown only\(because)"
    }
  }
}
