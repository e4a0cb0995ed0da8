/// The regions of one request that failed, one member for each.
///
/// Region *i* of the request is member `.region(i)`. An empty set means that all of them succeeded.
///
///     let result = try await client.write(regions, from: bytes)
///     for index in result.errors.indices { print("region \(index) failed") }
///
/// The raw value is what `dm-io.txt` passes as `error_bits`.
public struct RegionErrors: OptionSet, Sendable, Hashable {
  /// One bit for each region, region 0 in the lowest.
  public let rawValue: UInt64

  /// The set whose members are the bits that are set in `rawValue`.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The set that holds region `index` of a request alone.
  ///
  /// - Precondition: `index` is at least 0 and below `Limits.regions`.
  public static func region(_ index: Int) -> RegionErrors {
    precondition(index >= 0 && index < Limits.regions, "a request has at most 64 regions")
    return RegionErrors(rawValue: 1 << UInt64(index))
  }

  /// The numbers of the regions that failed, lowest first.
  public var indices: Indices { Indices(rest: rawValue) }

  /// The numbers of the members of a set, lowest first.
  public struct Indices: Sequence, IteratorProtocol, Sendable {
    var rest: UInt64

    /// The next higher number, or nil after the last.
    public mutating func next() -> Int? {
      guard rest != 0 else { return nil }
      defer { rest &= rest &- 1 }
      return rest.trailingZeroBitCount
    }
  }
}
