import CDMIO
import DMIO
import DMIOC
import Glibc

/// One recorded request as a call of the C interface.
final class CCall {
  private let line: RecordedLine
  private let memory: RequestMemory
  private let regions: UnsafeMutablePointer<io_region>
  private let vectors: UnsafeMutablePointer<bio_vec>
  private let client: OpaquePointer?
  /// True for the functions of dm-io.txt, which read and write.
  private let isText: Bool

  init(_ line: RecordedLine, _ door: Door, _ client: BlockClient, _ disks: TestDisks, _ memory: RequestMemory) {
    self.line = line
    self.memory = memory
    isText = (door == .text || door == .textAsync) && line.op != .discard && line.op != .write_zeroes
    // Handles of C are the objects themselves; the replay keeps client and devices.
    self.client =
      door == .text || door == .textAsync ? nil : OpaquePointer(Unmanaged.passUnretained(client).toOpaque())
    regions = .allocate(capacity: line.regions.count + 1)
    for (index, region) in line.regions.enumerated() {
      let device = OpaquePointer(Unmanaged.passUnretained(disks[region.device].device).toOpaque())
      (regions + index).initialize(
        to: io_region(bdev: device, sector: sector_t(region.start), count: sector_t(region.count)))
    }
    let runs = memory.vectorsInPages
    vectors = .allocate(capacity: runs.count + 1)
    for (index, run) in runs.enumerated() {
      (vectors + index).initialize(
        to: bio_vec(bv_page: OpaquePointer(run.page), bv_len: UInt32(run.length), bv_offset: UInt32(run.offset)))
    }
  }

  deinit {
    regions.deallocate()
    vectors.deallocate()
  }

  /// A device that stays.
  private static let other = try? BlockDevice.null(bytes: 1 << 20)

  /// Has the client of dm-io.txt, which stays, let go of the devices that it knows: it does when it meets another.
  static func meetAnother() {
    guard let other else { return }
    var region = io_region(
      bdev: OpaquePointer(Unmanaged.passUnretained(other).toOpaque()), sector: 0, count: 0)
    _ = dm_io_sync_vm(1, &region, Int32(DM_IO_WRITE.rawValue) | Int32(DM_IO_PREFLUSH), nil, nil)
  }

  /// True when the call tells why and where a region failed.
  var tellsFailures: Bool { !isText }

  private var count: UInt32 { UInt32(line.regions.count) }
  private var isEmpty: Bool { line.bytes == 0 }
  private var pages: UnsafeMutablePointer<page_list>? {
    isEmpty ? nil : UnsafeMutableRawPointer(memory.pageNodes).assumingMemoryBound(to: page_list.self)
  }

  /// A flush was recorded as a write of nothing with PREFLUSH.
  private var readOrWrite: Int32 {
    let flags = Int32(line.fua ? DM_IO_FUA : 0) | Int32(line.op == .flush ? DM_IO_PREFLUSH : 0)
    return flags | Int32(line.op == .read ? DM_IO_READ.rawValue : DM_IO_WRITE.rawValue)
  }

  /// Makes a synchronous call.
  func carryOut() -> Answer {
    let untouched: UInt = 0xDEAD_BEEF
    var bits = untouched
    var errors = [dm_io_region_error](repeating: dm_io_region_error(error: EPROTO, sector: .max), count: 65)
    let returned =
      isText
      ? performText(&bits) : errors.withUnsafeMutableBufferPointer { perform(&bits, $0.baseAddress, nil, nil) }
    guard bits != untouched else { return Answer(returned: returned) }
    let failures = line.regions.indices.map { index -> RegionFailure? in
      let (errno, sector) = (errors[index].error, errors[index].sector)
      return errno == 0 ? nil : RegionFailure(errno: Errno(rawValue: errno), sector: sector)
    }
    return Answer(returned: returned, bits: UInt64(bits), failures: isText ? nil : failures)
  }

  /// Makes an asynchronous call and returns what it returned.
  func submit(errors: UnsafeMutableRawPointer, context: UnsafeMutableRawPointer, _ fn: @escaping io_notify_fn) -> Int32
  {
    guard isText else {
      return perform(nil, errors.assumingMemoryBound(to: dm_io_region_error.self), fn, context)
    }
    let data = memory.contiguous
    return switch line.memory {
    case .page_list: dm_io_async(count, regions, readOrWrite, pages, UInt32(line.offset), fn, context)
    case .bvec: dm_io_async_bvec(count, regions, readOrWrite, isEmpty ? nil : vectors, fn, context)
    case .vm, .kmem: dm_io_async_vm(count, regions, readOrWrite, data, fn, context)
    }
  }

  private func performText(_ bits: UnsafeMutablePointer<UInt>) -> Int32 {
    let data = memory.contiguous
    return switch line.memory {
    case .page_list: dm_io_sync(count, regions, readOrWrite, pages, UInt32(line.offset), bits)
    case .bvec: dm_io_sync_bvec(count, regions, readOrWrite, isEmpty ? nil : vectors, bits)
    case .vm, .kmem: dm_io_sync_vm(count, regions, readOrWrite, data, bits)
    }
  }

  private func perform(
    _ bits: UnsafeMutablePointer<UInt>?, _ errors: UnsafeMutablePointer<dm_io_region_error>?, _ fn: io_notify_fn?,
    _ context: UnsafeMutableRawPointer?
  ) -> Int32 {
    var request = dm_io_request()
    request.size = MemoryLayout<dm_io_request>.size
    request.op_flags = Int32(operation.rawValue) | Int32(line.fua ? DM_IO_FUA : 0)
    request.notify = dm_io_notify(fn: fn, context: context)
    request.client = client
    request.errors = errors
    request.mem.offset = UInt32(line.memory == .page_list ? line.offset : 77)
    switch line.memory {
    case .page_list: (request.mem.type, request.mem.ptr.pl) = (DM_IO_PAGE_LIST, pages)
    case .bvec: (request.mem.type, request.mem.ptr.bvec) = (DM_IO_BVEC, isEmpty ? nil : vectors)
    case .vm: (request.mem.type, request.mem.ptr.vma) = (DM_IO_VMA, memory.contiguous)
    case .kmem: (request.mem.type, request.mem.ptr.addr) = (DM_IO_KMEM, memory.contiguous)
    }
    return dm_io(&request, count, regions, bits, 0)
  }

  private var operation: dm_io_op {
    switch line.op {
    case .read: DM_IO_READ
    case .write: DM_IO_WRITE
    case .flush: DM_IO_FLUSH
    case .discard: DM_IO_DISCARD
    case .write_zeroes: DM_IO_WRITE_ZEROES
    }
  }
}
