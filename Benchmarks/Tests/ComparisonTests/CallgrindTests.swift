import Comparison
import Testing

@Suite struct CallgrindTests {
  /// main (10 + 5 of its own) calls work (7 + 3 of its own), once in full and once by number.
  private static let text = """
    version: 1
    positions: line
    events: Ir
    summary: 25

    ob=(1) /bin/program
    fl=(1) ???
    fn=(1) main
    0 10
    cfn=(2) work
    calls=1 0
    0 10
    * 5

    fn=(2)
    0 7
    +3 3

    totals: 25
    """

  @Test("each function has its own instructions, without what it calls") func selfCost() {
    let profile = Profile(callgrind: Self.text)
    #expect(profile.instructions == ["main": 15, "work": 10])
    #expect(profile.total == 25)
  }

  @Test("what is the same in both runs falls out") func difference() {
    let short = Profile(callgrind: "fn=(1) start\n0 1000\nfn=(2) work\n0 500\n")
    let long = Profile(callgrind: "fn=(1) start\n0 1000\nfn=(2) work\n0 1500\n")
    #expect(Profile.perIO(short: short, long: long, ios: 10) == 100)
    let parts = Profile.parts(short: short, long: long, ios: 10)
    #expect(parts.map(\.function) == ["work", "start"])
    #expect(parts.map(\.perIO) == [100, 0])
  }
}
