/// A run of sectors of one device: the `io_region` of `dm-io.txt`.
///
/// Sectors are 512 bytes on every device. A region holds its device; whether it fits the device is found
/// out when a request runs, and then is that region's bit, not an error of the call.
public struct Region: Sendable {
  /// The device.
  public let device: BlockDevice
  /// The first sector.
  public var start: UInt64
  /// How many sectors. A region of 0 succeeds without I/O (with a preflush it is one flush).
  public var count: UInt64

  /// The `count` sectors of `device` that begin at sector `start`.
  public init(_ device: BlockDevice, start: UInt64, count: UInt64) {
    self.device = device
    self.start = start
    self.count = count
  }

  /// All sectors of `device`.
  public init(whole device: BlockDevice) {
    self.init(device, start: 0, count: device.geometry.sectors)
  }
}
