import Testing

@testable import dmio_cli

/// Numbers and axes as a reader sees them.
@Suite struct BenchDrawingTests {
  @Test("numbers are written in three digits with their size") func short() {
    let cases: [(Double, String)] = [
      (0, "0"), (1, "1"), (0.5, "0.5"), (9.99, "9.99"), (9.996, "10"), (12.34, "12.3"), (99.96, "100"), (999.4, "999"),
      (999.6, "1 k"), (1000, "1 k"), (2_912_345, "2.91 M"), (350_000, "350 k"), (999_600, "1 M"), (5e9, "5 G"),
    ]
    for (value, text) in cases { #expect(dmio_cli.short(value) == text) }
    let times: [(Double, String)] = [
      (0, "0"), (0.85, "850 ns"), (0.0105, "10.5 ns"), (0.9996, "1 µs"), (11.23, "11.2 µs"), (1500, "1.5 ms"),
      (2e6, "2 s"),
      (999_600, "1 s"),
    ]
    for (value, text) in times { #expect(shortTime(microseconds: value) == text) }
  }

  @Test("numbers in JSON and in words are exact") func exact() {
    #expect(fixedPoint(0, 3) == "0.000" && fixedPoint(1.0005, 2) == "1.00" && fixedPoint(0.996, 2) == "1.00")
    #expect(fixedPoint(1234.5678, 3) == "1234.568" && fixedPoint(7, 0) == "7" && fixedPoint(2.05, 1) == "2.1")
    #expect(fixedPoint(1e17, 3) == "1e+17")
    #expect(
      grouped(0) == "0" && grouped(999) == "999" && grouped(1000) == "1,000" && grouped(1_234_567.6) == "1,234,568")
    #expect(plain(0.25) == "0.25" && plain(10) == "10" && plain(1.5) == "1.5")
  }

  @Test("an axis begins at 0, ends just above the data, and has round steps") func linear() {
    #expect(Scale.linear(upTo: 2_912_345, about: 4).ticks == [0, 1e6, 2e6, 3e6])
    #expect(Scale.linear(upTo: 3e6, about: 4).ticks == [0, 1e6, 2e6, 3e6])
    #expect(Scale.linear(upTo: 0, about: 4).ticks.count >= 2)
    let time = Scale.exact(upTo: 5, about: 8)
    #expect(time.ticks == [0, 1, 2, 3, 4, 5] && time.range == 0...5)
    #expect(Scale.exact(upTo: 0.3, about: 8).ticks.count == 7)
    #expect(time.place(0) == 0 && time.place(5) == 1 && time.place(2.5) == 0.5)
  }

  @Test("data of several powers of ten has an axis of powers") func logarithmic() {
    let scale = Scale.fitting(3, 7000, about: 4)
    #expect(scale.kind == .logarithmic && scale.range == 2...10_000)
    #expect(scale.ticks.first == 2 && scale.ticks.contains(100) && scale.ticks.last == 10_000)
    #expect(scale.labels(atMost: 8) == [10, 100, 1000, 10_000])
    #expect(scale.place(2) == 0 && abs(scale.place(10_000) - 1) < 1e-12)
    #expect(Scale.logarithmic(5, 5).ticks == [5, 10])
    #expect(Scale.fitting(3, 20, about: 4).kind == .linear)
  }

  @Test("what is drawn is XML, whatever the text") func escaped() {
    var drawing = SVG(width: 10, height: 20)
    drawing.text("a<b>&\"c\"", 1, 2.345, class: "x")
    drawing.curve([(1, 1), (2, 2), nil, (3, 3)], class: "y")
    let text = drawing.document(title: "<&>", description: "", style: ".x { fill: red }")
    #expect(text.contains(#"<text x="1" y="2.35" class="x">a&lt;b&gt;&amp;&quot;c&quot;</text>"#))
    #expect(text.contains(#"<path d="M1 1L2 2M3 3h0" class="y"/>"#))
    #expect(text.contains("<title>&lt;&amp;&gt;</title>"))
  }

  @Test("the time of a plot has the unit that suits its length") func units() {
    let units: [(Double, String)] = [
      (0, "milliseconds"), (0.05, "milliseconds"), (5, "seconds"), (600, "minutes"), (86_400, "hours"),
    ]
    for (seconds, unit) in units { #expect(TimeAxis(seconds: seconds, about: 8).unit == unit) }
    #expect(TimeAxis(seconds: 86_400, about: 8).scale.range == 0...24)
    #expect(TimeAxis(seconds: 600, about: 8).place(300) == 0.5)
  }

  @Test("what XML cannot hold is replaced") func illegal() {
    var drawing = SVG(width: 1, height: 1)
    drawing.text("a\u{0}b\u{FFFE}c", 0, 0, class: "x")
    #expect(drawing.document(title: "", description: "", style: "").contains(">a\u{FFFD}b\u{FFFD}c<"))
  }

  @Test("the exit code is the worst that applies") func exits() {
    #expect(ExitCode.of(isInterrupted: false, operation: .read, errors: 0) == .good)
    #expect(ExitCode.of(isInterrupted: false, operation: .read, errors: 1) == .sourceHoles)
    #expect(ExitCode.of(isInterrupted: false, operation: .write, errors: 1) == .tooFewTargets)
    #expect(ExitCode.of(isInterrupted: true, operation: .write, errors: 1) == .interrupted)
  }
}
