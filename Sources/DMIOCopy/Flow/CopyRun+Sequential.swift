internal import DMIO

/// A sequential copy: chunks are written in the order of their sectors, one at a time, and nothing behind one that was not.
extension CopyRun {
  /// The chunk holds its part of the source, and waits for its turn.
  func getInLine(_ chunk: Chunk) {
    // Something before it is left out: then so is it.
    guard line.chunks.contains(where: { $0 === chunk }) else { return end(chunk) }
    line.filled.insert(ObjectIdentifier(chunk))
    writeNextInLine()
  }

  private func writeNextInLine() {
    guard !line.isBusy, let first = line.chunks.first, line.filled.remove(ObjectIdentifier(first)) != nil else {
      return
    }
    line.isBusy = true
    write(first)
  }

  /// The chunk was written.
  func leaveLine(_ chunk: Chunk) {
    line.isBusy = false
    line.chunks.removeAll { $0 === chunk }
    writeNextInLine()
  }

  /// Takes a chunk that is not going to be written out of the line, with all that stand behind it: these end, at once or when
  /// they were read.
  func cutLine(_ chunk: Chunk) {
    guard let place = line.chunks.firstIndex(where: { $0 === chunk }) else { return }
    let behind = line.chunks[(place + 1)...]
    line.chunks.removeSubrange(place...)
    for other in behind where line.filled.remove(ObjectIdentifier(other)) != nil { end(other) }
  }
}

/// The chunks of a sequential copy that were begun and not yet written, in their order.
struct WriteLine {
  var chunks: [Chunk] = []
  /// Those that hold their part of the source.
  var filled: Set<ObjectIdentifier> = []
  /// The first is being written.
  var isBusy = false

  /// Puts a chunk in the place of another.
  mutating func exchange(_ chunk: Chunk, _ other: Chunk) {
    for index in chunks.indices where chunks[index] === chunk { chunks[index] = other }
  }
}
