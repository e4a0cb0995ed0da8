/// The bars: every experiment, and every row of the table.
public enum Bars {
  /// In the order in which they are run.
  public static let experiments =
    nullExperiments + peerExperiments + shapeExperiments + borderExperiments + countExperiments + deviceExperiments
    + copyExperiments

  /// In the order of the table.
  public static let rows = nullRows + borderRows + shapeRows + countRows + deviceRows + copyRows + copierRows

  /// The row of that name.
  public static func row(_ id: String) -> Row? { rows.first { $0.id == id } }
}
