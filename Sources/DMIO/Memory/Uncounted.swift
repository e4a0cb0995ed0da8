/// An object that its holder also keeps by a plain reference: reached through this, references to it are not counted.
///
/// For objects that other threads look into at the same time: each count would take the cache line of what they read away from
/// them, and back again.
@safe
struct Uncounted<Object: AnyObject> {
  // Why it is right: whoever makes one keeps the object for as long as this is used.
  private let object: Unmanaged<Object>

  init(_ object: Object) { unsafe self.object = Unmanaged.passUnretained(object) }

  /// Hands the object to `body`.
  @inline(__always)
  func with<Result>(_ body: (Object) -> Result) -> Result { unsafe object._withUnsafeGuaranteedRef(body) }
}
