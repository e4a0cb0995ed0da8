public import CDMIO
internal import CDMIOSystem
internal import DMIO

/// A request: synchronous without a function to call, else asynchronous. The header has the contract.
@c @implementation
public func dm_io(
  _ req: UnsafeMutablePointer<dm_io_request>!, _ num_regions: UInt32, _ region: UnsafeMutablePointer<io_region>!,
  _ sync_error_bits: UnsafeMutablePointer<UInt>!, _ ioprio: UInt16
) -> Int32 {
  // The straight line: an asynchronous request of one region and a buffer, to a driven client. Fields are read in place, each once, in
  // an order that leaves little to be kept. Submitting to a driven client runs no callback: nothing ends it before this returns.
  let forks = dmio_forks()
  guard num_regions == 1, let req = unsafe req, let region = unsafe region,
    // Both at once; the one structure asks for as much as the other.
    unsafe (UInt(bitPattern: req) | UInt(bitPattern: region)) & UInt(MemoryLayout<dm_io_request>.alignment - 1) == 0,
    unsafe req.pointee.size == MemoryLayout<dm_io_request>.size,
    let device = unsafe region.pointee.bdev,
    unsafe Handle.with(device, BlockDevice.self, { $0.forks == forks }), let client = unsafe req.pointee.client,
    unsafe Handle.with(client, BlockClient.self, { $0.drivenForks == forks }),
    unsafe req.pointee.errors == nil, unsafe req.pointee.mem.type.rawValue | 1 == DM_IO_KMEM.rawValue,
    let operation = unsafe Operation(transfer: req.pointee.op_flags, ioprio), let fn = unsafe req.pointee.notify.fn,
    let base = unsafe req.pointee.mem.ptr.addr
  else { return unsafe carryOut(req, num_regions, region, sync_error_bits, ioprio) }
  let place = unsafe UnsafeRawPointer(region).assumingMemoryBound(to: Region.self)
  return unsafe Handle.with(client, BlockClient.self) {
    unsafe BufferDoor.submit(to: $0, operation, place, base, req.pointee.notify.context, Request.notify(fn))
  }
}

/// Every other request.
@inline(never)
private func carryOut(
  _ req: UnsafeMutablePointer<dm_io_request>?, _ count: UInt32, _ regions: UnsafeMutablePointer<io_region>?,
  _ word: UnsafeMutablePointer<UInt>?, _ priority: UInt16
) -> Int32 {
  guard let req = unsafe req, unsafe isAligned(req),
    unsafe UInt(bitPattern: req.pointee.size) >= MemoryLayout<dm_io_request>.size
  else {
    return refusal(.EINVAL)
  }
  guard unsafe isKnown(req) else { return refusal(.E2BIG) }
  let given = unsafe req.pointee
  guard
    let request = unsafe Request(
      given.op_flags, priority, count, regions, { unsafe memory(given.mem, count, regions) })
  else { return refusal(.EINVAL) }
  // Both are an errno of 32 bits and a sector of 64.
  assert(MemoryLayout<dm_io_region_error>.stride == MemoryLayout<RegionFailure>.stride)
  let errors = unsafe UnsafeMutableRawPointer(given.errors)?.assumingMemoryBound(to: RegionFailure.self)
  guard let client = unsafe given.client else {
    return Clients.withCommon { unsafe carryOut(request, given.notify, $0, word, errors) }
  }
  guard unsafe Clients.isOurs(client) else { return refusal(.EINVAL) }
  return Cancellation.held {
    // A callback that runs meanwhile may end the client.
    unsafe withExtendedLifetime(Handle.keep(client, BlockClient.self)) {
      unsafe carryOut(request, given.notify, $0, word, errors)
    }
  }
}

@inline(__always)
private func carryOut(
  _ request: Request, _ notify: dm_io_notify, _ client: BlockClient, _ word: UnsafeMutablePointer<UInt>?,
  _ errors: UnsafeMutablePointer<RegionFailure>?
) -> Int32 {
  guard let fn = unsafe notify.fn else { return unsafe request.perform(on: client, word, errors) }
  return unsafe request.submit(to: client, fn, notify.context, errors)
}

/// True where nothing is asked for that this library does not know: what follows the structure, of a newer header, is zero.
private func isKnown(_ req: UnsafeMutablePointer<dm_io_request>) -> Bool {
  let (size, known) = unsafe (req.pointee.size, MemoryLayout<dm_io_request>.size)
  guard size >= known, size <= Limits.pageBytes else { return false }
  return unsafe UnsafeRawBufferPointer(start: req, count: size).dropFirst(known).allSatisfy { $0 == 0 }
}

/// The memory of a request; nil for a kind that there is not.
@inline(__always)
private func memory(
  _ given: dm_io_memory, _ count: UInt32, _ regions: UnsafeMutablePointer<io_region>?
) -> Memory? {
  switch unsafe given.type {
  case DM_IO_VMA: unsafe RequestMemory.buffer(given.ptr.vma)
  case DM_IO_KMEM: unsafe RequestMemory.buffer(given.ptr.addr)
  case DM_IO_BVEC: unsafe RequestMemory.vectors(given.ptr.bvec)
  case DM_IO_PAGE_LIST:
    unsafe RequestMemory.pages(given.ptr.pl, offset: given.offset, sectors: RequestMemory.longest(regions, count))
  default: nil
  }
}
