/// How a client comes to know a device, and how it lets go of it. The client's thread only.
extension Stable where Value == ClientState {
  /// The entry of a device of the request in `slot`, which stays until the slot is free again, or its uses are counted off.
  @inline(__always)
  func entry(of device: DeviceRef, _ slot: Stable<RequestSlot>) -> Stable<DeviceEntry> {
    pointee.devices.known(device) ?? learn(device, slot)
  }

  private func learn(_ device: DeviceRef, _ slot: Stable<RequestSlot>) -> Stable<DeviceEntry> {
    forgetUnused(but: slot)
    return device.with { device in
      var entry = DeviceEntry(device, ring: pointee.ring, ringOnly: pointee.ringOnly)
      if entry.ring?.pointee.setFile(device.number, entry.file) == true {
        entry.ringFile.stand(at: device.number)
      }
      device.holders.withLock { $0.append(self) }
      // One that was given up before did not know of this client, or does now.
      if device.isRetired { pointee.retiring.append(device.number) }
      return pointee.devices.add(entry, device.number)
    }
  }

  /// Lets go of the devices that no request uses. One that is still wanted comes back with its next request; to ask
  /// whether anybody else holds it would not do, as two clients would keep it for one another.
  ///
  /// A request in a slot of the client's own is not counted anywhere: that would be two changes a region, for what is asked only
  /// when a device is new. So all slots are looked at then, if more is under way than the request in `slot`. What has ended and
  /// was not told of yet is not to be overtaken by the end of its device: then they are looked at the next time.
  private func forgetUnused(but slot: Stable<RequestSlot>) {
    guard pointee.ready.isEmpty else { return }
    forgetAll(but: hasWork ? pointee.slots.namedDevices() : slot.namedDevices())
  }

  private func forgetAll(but named: Set<DeviceRef>) {
    pointee.devices.removeUnused(unless: named.contains) { number, entry in forget(number, entry) }
  }

  /// Lets go of all devices, while the ring is still there: what its table holds when it ends is let go of some time later.
  func forgetAll() {
    pointee.devices.removeUnused(orAll: true, unless: { _ in false }) { number, entry in forget(number, entry) }
  }

  private func forget(_ number: Int, _ entry: borrowing DeviceEntry) {
    entry.device?.holders.withLock { $0.removeAll { $0 == self } }
    if entry.ringFile.isInTable { _ = pointee.ring?.pointee.setFile(number, -1) }
  }

  /// Lets go of a device that was given up, when no request names it any more. Any thread but the client's.
  func letGoLater(_ number: Int) {
    pointee.mailbox.leave { $0.commands.append { pointee.retiring.append(number) } }
  }

  /// The same on the client's thread: at once, or at the end of a turn.
  func letGoSoon(_ number: Int) {
    pointee.retiring.append(number)
    if !pointee.isTurning { letGoOfRetired() }
  }

  /// Lets go of the devices that were given up, as far as no request names them, and none waits to be told that it ended: that
  /// one's turn is to come.
  @inline(never)
  func letGoOfRetired() {
    guard pointee.ready.isEmpty else { return }
    forgetAll(but: hasWork ? pointee.slots.namedDevices() : [])
    let kept = pointee.retiring.filter { pointee.devices.place($0).pointee.device?.isRetired == true }
    pointee.retiring = kept
  }

  /// Gives up the file of a device that was closed. Any thread; the device keeps the client alive meanwhile.
  func deviceWasClosed(_ number: Int) {
    if isOwner { withdrawFile(number) } else { withdrawLater(number) }
  }

  /// Takes the file of a closed device out of the ring's table. What was filled names the place: the kernel takes that first.
  private func withdrawFile(_ number: Int) {
    let entry = pointee.devices.place(number)
    // By now another device may have the number.
    guard let device = entry.pointee.device, device.isClosed, entry.pointee.ringFile.isInTable else { return }
    entry.pointee.fit = WholeFit()
    submitFilled()
    // The kernel did not take all: the next turn, which makes room for answers first, tries again.
    guard pointee.ring?.pointee.hasFilled != true else { return withdrawLater(number) }
    _ = pointee.ring?.pointee.setFile(number, -1)
    entry.pointee.ringFile = RingFile(descriptor: entry.pointee.file, isDirect: entry.pointee.ringFile.isDirect)
  }

  /// Has the client's thread do it in its next turn.
  private func withdrawLater(_ number: Int) {
    pointee.mailbox.leave { $0.commands.append { withdrawFile(number) } }
  }
}
