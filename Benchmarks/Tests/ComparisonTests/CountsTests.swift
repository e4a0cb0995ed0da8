import Comparison
import Foundation
import Testing

@Suite struct CountsTests {
  private let recorded = Counts(instructionsPerIO: ["callback": 200], allocationsPerIO: ["callback": 0, "closure": 1])

  private func measured(_ instructions: Double, _ callback: Double = 0, _ closure: Double = 1) -> Counts {
    Counts(instructionsPerIO: ["callback": instructions], allocationsPerIO: ["callback": callback, "closure": closure])
  }

  @Test("5 % more instructions pass, more than that does not") func instructions() {
    #expect(recorded.stepsBack(in: measured(210)).isEmpty)
    #expect(
      recorded.stepsBack(in: measured(211)) == ["instructions per I/O, callback door: 211.000, recorded 200.0 (+5.5 %)"]
    )
  }

  @Test("fewer are no step back") func better() {
    #expect(recorded.stepsBack(in: measured(100, 0, 0)).isEmpty)
  }

  @Test("where no allocation was recorded, none is allowed but those of the start") func allocations() {
    #expect(recorded.stepsBack(in: measured(200, 0.0005)).isEmpty)
    #expect(recorded.stepsBack(in: measured(200, 0.01)).count == 1)
    #expect(recorded.stepsBack(in: measured(200, 0, 1.04)).isEmpty)
    #expect(recorded.stepsBack(in: measured(200, 0, 2)).count == 1)
  }

  @Test("what was not measured is a step back") func missing() {
    let nothing = Counts(instructionsPerIO: [:], allocationsPerIO: [:])
    #expect(recorded.stepsBack(in: nothing).count == 3)
  }

  @Test("what is written can be read") func roundTrip() throws {
    #expect(try Counts(json: recorded.json()) == recorded)
  }
}
