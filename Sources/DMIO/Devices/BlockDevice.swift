/// A device.
public final class BlockDevice: Sendable {
  public let geometry: Geometry
  init(geometry: Geometry) { self.geometry = geometry }
}
