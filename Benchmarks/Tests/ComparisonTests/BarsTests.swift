import Comparison
import Testing

@Suite struct BarsTests {
  private static let known: Set<String> = [
    "dmio", "reference", "copier", "ioring", "nio", "dispatch", "border", "library", "seconds", "milliseconds", "ios",
    "folder", "file",
    "loop",
    "loop2",
    "zram",
  ]

  @Test("every row names contestants of its experiment") func contestants() throws {
    for row in Bars.rows {
      let experiment = try #require(Bars.experiments.first { $0.id == row.experiment }, "\(row.id)")
      let names = Set(experiment.contestants.map(\.name))
      for name in [row.subject] + row.reference { #expect(names.contains(name), "\(row.id): \(name)") }
      if !row.reference.isEmpty {
        for first in row.noise.map({ [$0] }) ?? row.reference {
          #expect(names.isSuperset(of: [first, "\(first)-2"]), "\(row.id): \(first) does not run twice")
        }
      }
    }
  }

  @Test("a limit is a row of C in the same experiment, by the same quantity and reference, or its own") func limits()
    throws
  {
    for row in Bars.rows {
      for name in row.limits {
        let limit = try #require(Bars.row(name), "\(row.id): there is no row \(name)")
        #expect(limit.experiment == row.experiment && limit.quantity == row.quantity, "\(row.id)")
        #expect(limit.subject.hasPrefix("C") && limit.bar == nil && row.bar != nil, "\(row.id)")
        // The same reference, or C's own counterpart of it.
        #expect(limit.reference == row.reference || limit.reference.allSatisfy { $0.hasPrefix("C") }, "\(row.id)")
      }
    }
    #expect(Bars.rows.count { !$0.limits.isEmpty } == 9)
  }

  @Test("a name means its row, or all rows that it is the beginning of") func rowNames() {
    let row = Row("callback-1", "x", in: "e", "callback")
    #expect(row.answers(to: "callback-1"))
    #expect(row.answers(to: "callback"))
    #expect(!row.answers(to: "call"))
    #expect(!Row("callback-128", "x", in: "e", "callback").answers(to: "callback-1"))
  }

  @Test("names are unique") func uniqueNames() {
    #expect(Set(Bars.rows.map(\.id)).count == Bars.rows.count)
    #expect(Set(Bars.experiments.map(\.id)).count == Bars.experiments.count)
    for experiment in Bars.experiments {
      #expect(Set(experiment.contestants.map(\.name)).count == experiment.contestants.count, "\(experiment.id)")
    }
  }

  @Test("every experiment has a row, and needs what the runner has") func experiments() {
    #expect(Set(Bars.rows.map(\.experiment)) == Set(Bars.experiments.map(\.id)))
    for experiment in Bars.experiments {
      #expect(experiment.places.isSubset(of: Self.known), "\(experiment.id): \(experiment.places)")
    }
  }

  @Test("places are filled in, and a command that lacks one is none") func places() {
    let contestant = Contestant("x", ["{dmio}", "bench", "{loop}", "--file={loop}"])
    #expect(contestant.places == ["dmio", "loop"])
    #expect(contestant.filled(with: ["dmio": "d", "loop": "l"]) == ["d", "bench", "l", "--file=l"])
    #expect(contestant.filled(with: ["dmio": "d"]) == nil)
  }
}
