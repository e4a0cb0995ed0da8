internal import DMIO

/// A device as it is named on the command line: a path or one of the URIs of this build.
///
/// | operand | device |
/// |---|---|
/// | `/dev/sdb`, `img.raw` | the block device or file of that path |
/// | `ram:64MiB` | memory of that size, zeros at first |
/// | `null:1GiB`, `null:` | nothing of that size (1 GiB when left out): reads zeros, forgets writes |
/// | `fault:PLAN,DEVICE` | DEVICE, spoiled by the fault plan in the file PLAN; up to `Limits.faultDepth` deep |
///
/// **Commas.** An operand is cut at its single commas, from left to right; a comma that belongs to a name is
/// doubled, once, however deep the name stands: `fault:a,,1.json,fault:b.json,img,,1.raw` has the plans `a,1.json`
/// and `b.json` and the path `img,1.raw`. Each `fault:` takes one part for its plan, the device within the next;
/// what is left over belongs to the whole operand (see `RegionOperand`).
///
/// **Paths** that could be taken for something else are written with `./`, which is then not part of the path: one
/// that starts like a URI (a letter, then letters, digits, `+`, `-` or `.`, then `:`), one that starts with a comma,
/// one that starts with `offset=`, `size=` or `direct=`. `./foo:bar` is the path `foo:bar`.
///
/// Two paths that Swift takes for equal (é composed and decomposed) may be two files: what is one device is decided
/// by looking at the opened devices, never by comparing names.
public enum DeviceName: Sendable, Hashable {
  /// A file or block device; as text that `RawArgument.bytes(of:)` turns into what open(2) takes. Never empty.
  case path(String)
  /// Memory of so many bytes.
  case ram(bytes: UInt64)
  /// A device of so many bytes that reads zeros and forgets writes.
  case null(bytes: UInt64)
  /// Another device behind the fault plan in the file `planPath`.
  indirect case fault(planPath: String, DeviceName)

  /// Bytes of `null:` without a size: 1 GiB.
  public static let defaultNullBytes: UInt64 = 1 << 30

  /// The device that `text` names, all of it.
  ///
  /// - Throws: `NameError` when it names none, or when parts such as `offset=` follow.
  public init(parsing text: String) throws(NameError) {
    var parts = partsBetweenCommas(text)[...]
    try self.init(taking: &parts)
    guard let rest = parts.first else { return }
    if isRegionPart(rest) { throw NameError("\(quoted(rest)): here a whole device is wanted, not a region of one") }
    throw NameError("\(quoted(rest)) follows a device after ','; a ',' that belongs to a name is doubled: ',,'")
  }

  /// The device that the first of `parts` name; they are taken off.
  init(taking parts: inout ArraySlice<String>) throws(NameError) {
    var plans: [String] = []
    while let plan = parts.first.flatMap({ text(after: "fault:", in: $0) }) {
      if plans.count == Limits.faultDepth {
        throw NameError("more than \(Limits.faultDepth) 'fault:' within each other; leave some out")
      }
      if plan.isEmpty { throw NameError("'fault:' without a plan; write fault:plan.json,DEVICE") }
      try refuseNUL(plan)
      plans.append(plan)
      parts.removeFirst()
    }
    guard let part = parts.first, !isRegionPart(part) else {
      let found = parts.first.map { " before \(quoted($0)); a file of that name is written ./\(shortened($0))" }
      throw NameError(
        plans.last.map { "no device after \(quoted("fault:" + $0)); write fault:plan.json,DEVICE" }
          ?? "no device" + (found ?? "; write a path"))
    }
    parts.removeFirst()
    self = try plans.reversed().reduce(DeviceName(innermost: part)) { .fault(planPath: $1, $0) }
  }

  /// The device that one part names; any but a fault device.
  private init(innermost part: String) throws(NameError) {
    try refuseNUL(part)
    guard let scheme = uriScheme(of: part) else {
      if part.isEmpty { throw NameError("the name of a device is empty; write a path, or ',,' for a comma in a name") }
      self = .path(withoutDot(part))
      return
    }
    let rest = text(after: scheme + ":", in: part) ?? ""
    switch scheme {
    case "ram" where rest.isEmpty: throw NameError("'ram:' needs a size; write ram:64MiB")
    case "ram": self = .ram(bytes: try ByteSize(parsing: rest).bytes)
    case "null" where rest.isEmpty: self = .null(bytes: DeviceName.defaultNullBytes)
    case "null": self = .null(bytes: try ByteSize(parsing: rest).bytes)
    case "nbd", "nbds", "nbd+unix", "nbds+unix", "rbd":
      throw NameError("\(quoted(part)): '\(scheme):' devices are not supported by this build of dmio")
    default:
      throw NameError(
        "\(quoted(part)): unknown kind of device \(quoted(scheme + ":")); there are ram:, null: and fault:, "
          + "and a file of that name is written ./\(shortened(part))")
    }
  }
}

extension DeviceName: CustomStringConvertible {
  /// The operand that parses to this value, commas doubled; not escaped for a terminal (see `printable`).
  public var description: String {
    var prefix = ""
    var device = self
    while case .fault(let plan, let inner) = device {
      prefix += "fault:" + doublingCommas(plan) + ","
      device = inner
    }
    switch device {
    case .path(let path): return prefix + doublingCommas(withDot(path))
    case .ram(let bytes): return prefix + "ram:" + ByteSize(bytes: bytes).operand
    case .null(let bytes): return prefix + "null:" + ByteSize(bytes: bytes).operand
    case .fault: preconditionFailure("the loop above ends at a device that is not a fault device")
    }
  }
}
