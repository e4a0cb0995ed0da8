internal import DMIO
internal import DMIOCopy
internal import DMIONames

/// Which maps a run may go on with: those that are about its devices, as far as they say what is there.
extension Resuming {
  /// The map of a target; nil where there is none, or nothing of what it says can be there: a file that is gone, or memory.
  static func map(
    _ folder: MapFolder, _ index: Int, _ target: TargetOperand, _ source: SourceOperand
  ) throws(Refusal) -> MapFile? {
    guard let map = try folder.read(index) else { return nil }
    let name = folder.name(of: index)
    guard target.place == nil else {
      try check(map, name, newName: target.stack.name)
      return nil
    }
    guard let identity = DeviceIdentity(target.opened) else {
      // A rehearsal in memory must not take the place of what is known about a disk.
      guard map.note("identity") == DeviceIdentity.memory.text else {
        throw Refusal(
          "\(name): is about a device, and \(target.stack.name) is memory; name another folder, or remove the maps to start over"
        )
      }
      return nil
    }
    let start = target.operand.offset / 512
    if map.saysDone, map.note("identity") == nil || map.note("start") == nil {
      throw nameless(name, target.stack.name, [identity.note, MapFile.Note("start", "\(start)")])
    }
    try check(map, name, target.opened, source.offset, source.bytes)
    try check(map, name, start: start)
    try checkSize(target, source.bytes, name)
    return map
  }

  static func check(
    _ map: MapFile, _ name: String, _ opened: OpenDevice?, _ offset: UInt64, _ bytes: UInt64
  ) throws(Refusal) {
    guard map.first == offset, map.bytes.sectors == bytes else {
      throw Refusal(
        "\(name): is about \(map.bytes.sectors) bytes from byte \(map.first) of the source on; it is \(bytes) bytes from byte \(offset) on that are copied"
      )
    }
    guard let opened, let noted = map.note("identity").map(DeviceIdentity.init(noted:)) else { return }
    let identity = DeviceIdentity.of(opened)
    guard noted == identity else {
      throw Refusal(
        "\(name): is about another device than \(opened.name) (\(noted.words), this is \(identity.words)); put that one back, or remove the maps to start over"
      )
    }
  }

  /// What is done must be done on this very device, and in this place of it. Tools that write a map anew drop what it says of that.
  static func nameless(_ name: String, _ device: String, _ notes: [MapFile.Note]) -> Refusal {
    let lines = notes.map { "'\($0.line)'" }.joined(separator: " and ")
    return Refusal(
      "\(name): does not say what it is about, as when another tool has written it; if that is \(device), add \(lines) as lines of their own, or remove the maps to start over"
    )
  }

  /// A file that is not there may have been removed. Under another name it is another one: a slip of the pen, or a file system that
  /// is not mounted; and the map of the one that is meant would be lost.
  static func check(_ map: MapFile, _ name: String, newName: String) throws(Refusal) {
    guard let noted = map.note("device"), noted != newName else { return }
    throw Refusal(
      "\(name): is about \(noted), and there is no \(newName); name the target as it was, or remove the maps to start over"
    )
  }

  static func check(_ map: MapFile, _ name: String, start: UInt64) throws(Refusal) {
    if let noted = map.note("start"), noted != "\(start)" {
      throw Refusal("\(name): is about a region that starts at sector \(noted), this one starts at sector \(start)")
    }
  }

  /// A file may be shorter than it will be: a run that was interrupted leaves it so. Longer it cannot have become.
  static func checkSize(_ target: TargetOperand, _ bytes: UInt64, _ name: String) throws(Refusal) {
    let block = UInt64(target.opened.device.geometry.logicalBlock)
    guard target.isWholeFile, target.bytesBefore > (bytes + block - 1) / block * block else { return }
    throw Refusal("\(target.stack.name): has \(target.bytesBefore) bytes, more than the \(bytes) that \(name) is about")
  }
}

extension MapFile {
  /// It calls something done.
  var saysDone: Bool { bytes.count(of: .done) > 0 }
}

extension DeviceIdentity {
  /// The note of it in a map.
  var note: MapFile.Note { MapFile.Note("identity", text) }
}
