internal import DMIO
internal import DMIOCopy

/// The sectors of a source or target from the first to the last, as many to a column as it takes to fit a width.
struct Strip {
  /// What a column holds. Where its sectors differ, the worst of them counts.
  enum State: Int, Comparable {
    case good, untried, different, bad
    static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  /// Neighbouring columns of one state.
  struct Part: Equatable {
    var columns: Range<Int>
    let state: State
  }

  private var columns: [State]
  private let sectors: UInt64

  /// A strip on which everything is good; without sectors it has no columns.
  init(sectors: UInt64, columns: Int) {
    self.sectors = sectors
    self.columns = .init(repeating: .good, count: sectors == 0 ? 0 : columns)
  }

  init(_ source: CopySource, columns: Int) {
    self.init(sectors: source.sectors, columns: columns)
    for run in source.map.runs where run.status != .done { mark(run.sectors, run.status == .bad ? .bad : .untried) }
  }

  init(_ target: CopyTarget, columns: Int) {
    self.init(sectors: target.map.sectors, columns: columns)
    for extent in target.failed {
      let state: State = extent.errno == nil ? .untried : extent.errno == .EBADMSG ? .different : .bad
      mark(extent.sector - target.start..<extent.end - target.start, state)
    }
  }

  /// Notes the state of some sectors, counted from the strip's first. A single one of a trillion is seen, too.
  mutating func mark(_ range: Range<UInt64>, _ state: State) {
    let range = range.clamped(to: 0..<sectors)
    guard !range.isEmpty else { return }
    let width = Double(columns.count) / Double(sectors)
    let first = min(columns.count - 1, Int(Double(range.lowerBound) * width))
    let end = min(columns.count, max(first + 1, Int((Double(range.upperBound) * width).rounded(.up))))
    for column in first..<end { columns[column] = max(columns[column], state) }
  }

  /// All columns, in their order.
  var parts: [Part] {
    var parts: [Part] = []
    for (column, state) in columns.enumerated() {
      if let last = parts.last, last.state == state {
        parts[parts.count - 1].columns = last.columns.lowerBound..<column + 1
      } else {
        parts.append(Part(columns: column..<column + 1, state: state))
      }
    }
    return parts
  }
}
