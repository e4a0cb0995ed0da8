/// The axis of a plot on which time runs, in the unit that suits its length.
struct TimeAxis {
  /// Places and ticks, in the unit.
  let scale: Scale
  /// The unit's name.
  let unit: String
  /// Its length.
  private let unitSeconds: Double

  /// From 0 to `seconds`, with about `count` steps.
  init(seconds: Double, about count: Int) {
    let length = max(seconds, 1e-6)
    (unit, unitSeconds) = TimeAxis.unit(length)
    scale = .exact(upTo: length / unitSeconds, about: count)
  }

  /// Where a time stands: 0 at the beginning, 1 at the end.
  func place(_ seconds: Double) -> Double { scale.place(seconds / unitSeconds) }

  private static func unit(_ seconds: Double) -> (String, Double) {
    switch seconds {
    case ..<0.1: ("milliseconds", 0.001)
    case ..<300: ("seconds", 1)
    case ..<18_000: ("minutes", 60)
    default: ("hours", 3600)
    }
  }
}
