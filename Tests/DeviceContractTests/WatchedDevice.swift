import DMIO
import HostParts
import Synchronization

/// A back end of the tests' own: passes every piece on, and notes those that do not fit the geometry.
final class WatchedBackend: BlockBackend {
  let geometry: Geometry
  private let inner: BlockDevice
  private let state = Guarded(State())

  private struct State {
    var pieces = 0
    var wrong: [String] = []
  }

  init(_ inner: BlockDevice) {
    self.inner = inner
    geometry = inner.geometry
  }

  var pieces: Int { state.withLock { $0.pieces } }
  var wrong: [String] { state.withLock { $0.wrong } }

  func submit(_ piece: consuming Piece) {
    let (kind, offset, length) = (piece.operation.kind, piece.offset, UInt64(piece.length))
    let end = geometry.sectors * UInt64(Limits.sectorBytes)
    let block = UInt64(geometry.logicalBlock)
    let isTransfer = kind == .read || kind == .write
    var runs = 0
    if isTransfer { piece.forEachRun { _ in runs += 1 } }
    state.withLock { state in
      state.pieces += 1
      guard kind != .flush else { return }
      let fits = length > 0 && length <= end && offset <= end - length
      let isShortEnough = !isTransfer || length <= UInt64(geometry.pieceBytes)
      if !fits || !isShortEnough || offset % block != 0 || length % block != 0 {
        state.wrong.append("\(kind) of \(length) bytes at \(offset)")
      }
    }
    inner.submit(piece)
  }

  func close() { inner.close() }
}

/// A back end that does with each piece what a closure says.
final class ScriptedBackend: BlockBackend {
  let geometry: Geometry
  private let number = Atomic<Int>(0)
  private let script: @Sendable (_ number: Int, consuming Piece) -> Void

  /// `script` gets the number of the piece, counted from 0.
  init(
    _ geometry: Geometry = Geometry(bytes: 4 << 20),
    _ script: @escaping @Sendable (_ number: Int, consuming Piece) -> Void
  ) {
    self.geometry = geometry
    self.script = script
  }

  var pieces: Int { number.load(ordering: .relaxed) }

  func submit(_ piece: consuming Piece) {
    script(number.wrappingAdd(1, ordering: .relaxed).oldValue, piece)
  }

  func close() {}
}
