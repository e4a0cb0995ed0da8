public import CDMIO
internal import DMIO

/// A request: synchronous without a function to call, else asynchronous. The header has the contract.
@c @implementation
public func dm_io(
  _ req: UnsafeMutablePointer<dm_io_request>!, _ num_regions: UInt32, _ region: UnsafeMutablePointer<io_region>!,
  _ sync_error_bits: UnsafeMutablePointer<UInt>!, _ ioprio: UInt16
) -> Int32 {
  guard let req = unsafe req, unsafe req.pointee.size >= MemoryLayout<dm_io_request>.size else {
    return refusal(.EINVAL)
  }
  let given = unsafe req.pointee
  guard
    let request = unsafe Request(
      given.op_flags, ioprio, num_regions, region, { unsafe memory(given.mem, num_regions, region) })
  else { return refusal(.EINVAL) }
  // Both are an errno of 32 bits and a sector of 64.
  assert(MemoryLayout<dm_io_region_error>.stride == MemoryLayout<RegionFailure>.stride)
  let errors = unsafe UnsafeMutableRawPointer(given.errors)?.assumingMemoryBound(to: RegionFailure.self)
  guard let client = unsafe given.client else {
    return Clients.withCommon { unsafe carryOut(request, given.notify, $0, sync_error_bits, errors) }
  }
  guard unsafe Clients.isOurs(client) else { return refusal(.EINVAL) }
  // Submitting to a driven client runs no callback; on another one a callback may end it before this returns.
  if unsafe given.notify.fn != nil, unsafe Handle.with(client, BlockClient.self, { $0.kind == .driven }) {
    return unsafe Handle.with(client, BlockClient.self) {
      unsafe carryOut(request, given.notify, $0, sync_error_bits, errors)
    }
  }
  return unsafe withExtendedLifetime(Handle.keep(client, BlockClient.self)) {
    unsafe carryOut(request, given.notify, $0, sync_error_bits, errors)
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
