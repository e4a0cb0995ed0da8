/// A list that is filled while what was in it before is worked off: two arrays that change places.
///
/// Once both have grown to what is needed nothing is allocated any more.
struct Refill<Element> {
  private var filling: [Element] = []
  private var spare: [Element] = []

  var isEmpty: Bool { filling.isEmpty }

  @inline(__always)
  mutating func append(_ element: Element) { filling.append(element) }

  mutating func append(contentsOf elements: [Element]) { filling.append(contentsOf: elements) }

  /// Takes out what is there; what comes now is for the next time. To be given back with `giveBack`.
  mutating func take() -> [Element] {
    let taken = filling
    filling = spare
    spare = []
    return taken
  }

  /// Gives back an array whose elements have been worked off.
  mutating func giveBack(_ taken: consuming [Element]) {
    taken.removeAll(keepingCapacity: true)
    if taken.capacity > spare.capacity { spare = taken }
  }
}
