import Testing

@testable import Comparison

@Suite struct TableTests {
  private func verdict(_ values: [String: Double], _ row: Row) -> Verdict {
    var measured = Measurements()
    measured.add(values.mapValues { Sample([row.quantity: $0]) })
    return Verdict(row, measured)
  }

  private let ratio = Row(
    "a", "callback | C", in: "e", "callback", over: ["C"], bar: .atLeast(0.92), reach: "1.0")

  @Test("a row holds bar, ratio, noise, both medians and the verdict") func cells() {
    let met = verdict(["callback": 4_600_000, "C": 5_000_000, "C-2": 4_950_000], ratio)
    #expect(Table.cells(met) == ["callback \\| C", "≥ 0.92", "1.0", "0.920", "0.990", "4.600 M", "5.000 M", "met"])
  }

  @Test("a row that did not run says why") func notRun() {
    #expect(Table.cells(Verdict(ratio, notRun: "the kernel has no zram")).last == "**NOT met**: the kernel has no zram")
  }

  @Test("a run in which C differs from itself by more than a tenth is called noisy") func noise() {
    let noisy = verdict(["callback": 95, "C": 100, "C-2": 89], ratio)
    #expect(Table.cells(noisy).last == "met, in a noisy run")
    #expect(Table.cells(verdict(["callback": 50, "C": 100, "C-2": 111], ratio)).last == "**NOT met**, in a noisy run")
    #expect(Table.cells(verdict(["callback": 95, "C": 100, "C-2": 91], ratio)).last == "met")
  }

  @Test("the best of several is named") func best() {
    let row = Row("b", "copy", in: "e", "dmio", over: ["dd", "cp"], by: .gibPerSecond, bar: .atLeast(1), noise: nil)
    let cells = Table.cells(verdict(["dmio": 2, "dd": 1, "cp": 1.5], row))
    #expect(cells[6] == "1.50 GiB/s (cp)")
  }

  @Test("the lines are a Markdown table of equal width") func markdown() {
    let table = Table([verdict(["callback": 90, "C": 100], ratio)]).markdown
    let lines = table.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(Set(lines.map(\.count)).count == 1)
    #expect(lines[1].allSatisfy { $0 == "|" || $0 == "-" })
  }

  @Test("a bar that C misses, too, says so, and counts apart") func beyondC() {
    let row = Row("d", "dmio / fio", in: "e", "dmio", over: ["fio"], bar: .atLeast(1.5), limits: ["c"])
    let limit = Row("c", "C / fio", in: "e", "C", over: ["fio"])
    func judged(_ c: Double) -> Verdict {
      var measured = Measurements()
      measured.add(["dmio": 130.0, "fio": 100, "C": c, "C-2": c].mapValues { Sample([.iops: $0]) })
      return Verdict(row, measured, limits: [limit])
    }
    let beyond = judged(140)
    #expect(Table.cells(beyond).last == "**NOT met**, nor by C (1.40)")
    #expect(Table.cells(judged(160)).last == "**NOT met**; C makes 1.60")
    let missed = verdict(["callback": 90, "C": 100], ratio)
    #expect(
      Table([beyond, missed]).summary == "1 of 2 bars are NOT met by dmio alone, 1 is beyond C on this machine.")
    #expect(
      Table([beyond, beyond]).summary == "0 of 2 bars are NOT met by dmio alone, 2 are beyond C on this machine.")
  }

  @Test("the summary counts bars, not rows that are shown only") func summary() {
    let shown = Row("c", "shown", in: "e", "callback", over: ["C"])
    let values = ["callback": 90.0, "C": 100]
    #expect(Table([verdict(values, ratio), verdict(values, shown)]).summary == "1 of 1 bars are NOT met.")
    #expect(Table([verdict(["callback": 95, "C": 100], ratio)]).summary == "All 1 bars are met.")
  }
}
