internal import CDMIOSystem

/// A regular file or a block device, whose pieces the client's engine carries out.
final class FileBackend: BlockBackend {
  let descriptor: Int32
  let isBlock: Bool
  /// True when the ring carries out this file's I/O itself; else it would hand each to a kernel thread.
  let supportsNowait: Bool
  /// True for a regular file whose file system lets one write in at a time: through the page cache all do. Past it some take
  /// many, and those can be written without waiting, too.
  let writesInTurn: Bool
  let promptness: Promptness
  let report: FileReport
  let geometry: Geometry

  /// Takes over an open descriptor, also when it throws.
  init(adopting descriptor: Int32, name: String, _ options: FileOptions) throws(BlockError) {
    var file = dmio_file()
    let rc = unsafe dmio_file_probe(descriptor, &file)
    do throws(BlockError) {
      guard rc == 0 else {
        throw rc == -Errno.EINVAL.rawValue && file.is_direct
          ? .system(.EINVAL, "\(name): opening for O_DIRECT") : .system(Errno(rawValue: -rc), name)
      }
      geometry = try FileBackend.geometry(of: file, name, options)
    } catch {
      dmio_file_close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    isBlock = file.is_block
    supportsNowait = file.nowait == 0
    writesInTurn = file.is_regular && !(file.is_direct && file.nowait == 0)
    promptness = file.is_in_memory ? .memory : file.nowait == 0 && !file.is_direct ? .cachedReads : .none
    report = FileReport(file)
  }

  deinit { dmio_file_close(descriptor) }

  func submit(_ piece: consuming Piece) { piece.send(to: self) }

  func close() { _ = dmio_file_release(descriptor) }

  private static func geometry(
    of file: dmio_file, _ name: String, _ options: FileOptions
  ) throws(BlockError) -> Geometry {
    guard !file.is_directory else { throw .system(.EISDIR, name) }
    var bytes = file.bytes
    if file.is_character, let given = options.characterBytes {
      bytes = given
    } else if !file.is_block, !file.is_regular {
      throw .system(.ENOTBLK, name)
    }
    guard bytes < 1 << 62 else { throw .system(.EFBIG, name) }
    let unlimited = UInt64(1) << 31
    var geometry = Geometry(
      bytes: bytes, logicalBlock: Int(file.logical_block), memoryAlignment: max(1, Int(file.memory_alignment)),
      discardSectors: file.is_block ? limit(file, "discard_max_bytes") : file.is_regular ? unlimited : 0,
      writeZeroesSectors: file.is_block ? limit(file, "write_zeroes_max_bytes") : file.is_regular ? unlimited : 0,
      isWritable: file.is_writable)
    geometry.apply(options.size)
    return geometry
  }

  private static func limit(_ file: dmio_file, _ queueFile: String) -> UInt64 {
    unsafe dmio_block_limit(file.special, queueFile) / UInt64(Limits.sectorBytes)
  }
}

extension Geometry {
  fileprivate mutating func apply(_ size: FileOptions.Size) {
    let block = UInt64(logicalBlock)
    switch size {
    case .fixed: sectors = bytes / block * block / UInt64(Limits.sectorBytes)
    case .padded: sectors = (bytes / block + (bytes % block == 0 ? 0 : 1)) * block / UInt64(Limits.sectorBytes)
    case .growing: sectors = 1 << 53
    }
  }
}
