/// What a kind of device has to do: say what it is, take pieces, and close.
///
/// A back end knows bytes and offsets. It never sees regions, bits, callbacks or tasks; it does not
/// split, retry or check bounds: what reaches it fits its geometry.
///
/// - Every piece is answered exactly once, at once or later, on any thread. The type sees to it.
/// - `submit` is called on a client's thread, for a shared client also on one that submits, and must not block for I/O. Several
///   clients may call it at a time.
/// - Pieces may be answered in any order. A flush covers what was answered before it was submitted.
/// - A transfer may be short: `succeed(bytes:)` answers progress, and the rest comes again.
/// - A device that wraps another passes the piece on with `BlockDevice.submit(_:)`.
///
/// `DeviceContract` among the tests is the test that every kind of device has to pass.
public protocol BlockBackend: AnyObject, Sendable {
  /// Size, alignment and limits. Asked once, when the device is opened.
  var geometry: Geometry { get }
  /// Takes a piece, to be answered once.
  func submit(_ piece: consuming Piece)
  /// Answers what it still holds, and lets go. Called once; pieces that come later may be failed.
  func close()
}
