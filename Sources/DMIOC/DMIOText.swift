public import CDMIO
internal import DMIO

// The functions of dm-io.txt. They share one client; synchronous and asynchronous form differ in who is told.

/// Reserves pages for the functions of dm-io.txt. The header has the contract, as for every function here.
@c @implementation
public func dm_io_get(_ num_pages: UInt32) -> Int32 {
  Clients.withCommon { client in
    answering { () throws(BlockError) in
      try client.reserve(pages: Int(num_pages))
      return 0
    }
  }
}

/// Gives a reservation back.
@c @implementation
public func dm_io_put(_ num_pages: UInt32) {
  _ = Clients.withCommon { client in
    answering { () throws(BlockError) in
      try client.release(pages: Int(num_pages))
      return 0
    }
  }
}

/// Reads or writes from a list of pages, and waits.
@c @implementation
public func dm_io_sync(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ pl: UnsafeMutablePointer<page_list>!, _ offset: UInt32, _ error_bits: UnsafeMutablePointer<UInt>!
) -> Int32 {
  unsafe carryOut(num_regions, `where`, rw, error_bits) {
    unsafe RequestMemory.pages(pl, offset: offset, sectors: RequestMemory.longest(`where`, num_regions))
  }
}

/// Reads or writes from a list of pages, and calls back.
@c @implementation
public func dm_io_async(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ pl: UnsafeMutablePointer<page_list>!, _ offset: UInt32, _ fn: io_notify_fn!, _ context: UnsafeMutableRawPointer!
) -> Int32 {
  unsafe submit(num_regions, `where`, rw, fn, context) {
    unsafe RequestMemory.pages(pl, offset: offset, sectors: RequestMemory.longest(`where`, num_regions))
  }
}

/// Reads or writes from an array of vectors, and waits.
@c @implementation
public func dm_io_sync_bvec(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ bvec: UnsafeMutablePointer<bio_vec>!, _ error_bits: UnsafeMutablePointer<UInt>!
) -> Int32 {
  unsafe carryOut(num_regions, `where`, rw, error_bits) { unsafe RequestMemory.vectors(bvec) }
}

/// Reads or writes from an array of vectors, and calls back.
@c @implementation
public func dm_io_async_bvec(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ bvec: UnsafeMutablePointer<bio_vec>!, _ fn: io_notify_fn!, _ context: UnsafeMutableRawPointer!
) -> Int32 {
  unsafe submit(num_regions, `where`, rw, fn, context) { unsafe RequestMemory.vectors(bvec) }
}

/// Reads or writes from a buffer, and waits.
@c @implementation
public func dm_io_sync_vm(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ data: UnsafeMutableRawPointer!, _ error_bits: UnsafeMutablePointer<UInt>!
) -> Int32 {
  unsafe carryOut(num_regions, `where`, rw, error_bits) { unsafe RequestMemory.buffer(data) }
}

/// Reads or writes from a buffer, and calls back.
@c @implementation
public func dm_io_async_vm(
  _ num_regions: UInt32, _ `where`: UnsafeMutablePointer<io_region>!, _ rw: Int32,
  _ data: UnsafeMutableRawPointer!, _ fn: io_notify_fn!, _ context: UnsafeMutableRawPointer!
) -> Int32 {
  unsafe submit(num_regions, `where`, rw, fn, context) { unsafe RequestMemory.buffer(data) }
}

private func carryOut(
  _ count: UInt32, _ regions: UnsafeMutablePointer<io_region>?, _ rw: Int32, _ word: UnsafeMutablePointer<UInt>?,
  _ memory: () -> Memory?
) -> Int32 {
  guard let request = unsafe Request(Operation.readOrWrite(rw), 0, count, regions, memory) else {
    return refusal(.EINVAL)
  }
  return Clients.withCommon { unsafe request.perform(on: $0, word, nil) }
}

private func submit(
  _ count: UInt32, _ regions: UnsafeMutablePointer<io_region>?, _ rw: Int32, _ fn: io_notify_fn?,
  _ context: UnsafeMutableRawPointer?, _ memory: () -> Memory?
) -> Int32 {
  guard let fn = unsafe fn, let request = unsafe Request(Operation.readOrWrite(rw), 0, count, regions, memory) else {
    return refusal(.EINVAL)
  }
  return Clients.withCommon { unsafe request.submit(to: $0, fn, context, nil) }
}
