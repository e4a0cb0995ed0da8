/// Every limit of the service, by name.
///
/// A pool, a queue or a retry that has no entry here does not exist.
public enum Limits {
  /// Regions in one request; one bit of `RegionErrors` each.
  public static let regions = 64
  /// Bytes in a sector, whatever the device: the unit of `Region`.
  public static let sectorBytes = 512
  /// Bytes in a page: the unit of a reservation and of a page list.
  public static let pageBytes = 4096
  /// Pages that a client reserves when it is not told otherwise.
  public static let defaultPages = 64
  /// Bounce pages that a client has at least: one logical block of the largest kind (64 KiB).
  public static let leastBouncePages = 16
  /// Pages that one client can reserve (4 GiB of bounce memory).
  public static let reservedPages = 1 << 20
  /// Pieces that a client can have in flight for each page it reserved (the kernel's factor).
  public static let piecesPerPage = 4
  /// Pieces that a client can have in flight, whatever it reserved: its completion ring holds them all.
  public static let pieces = 8192
  /// Pages that one client can register with its ring: the kernel takes 1 GiB at once.
  public static let registeredPages = 1 << 18
  /// The fewest that are worth a try when the kernel does not take all.
  public static let leastRegisteredPages = 16
  /// Bytes from which on a transfer uses registered memory: below, looking it up costs the kernel more than it saves.
  public static let registeredBytes = 32_768
  /// Requests that may wait for the reservation of one client.
  public static let waitingRequests = 1 << 20
  /// Request slots that are made at once when those that stand ready are used up.
  public static let slotChunk = 1024
  /// Bytes in one piece, unless the device takes less.
  public static let pieceBytes = 1 << 20
  /// The most that a device can ask for in its geometry: the kernel counts a transfer in 31 bits.
  public static let pieceBytesAtMost = 1 << 30
  /// Bytes in the largest logical block.
  public static let logicalBlockBytes = 65_536
  /// Sectors of the largest device: its bytes fit into 63 bits.
  public static let deviceSectors = UInt64(1) << 54
  /// Runs of memory in one piece (iovecs), as in the kernel's bio.
  public static let pieceRuns = 256
  /// The most that a device can ask for in its geometry (IOV_MAX).
  public static let pieceRunsAtMost = 1024
  /// Devices that a process can have open at a time.
  public static let devices = 4096
  /// The most and the fewest entries in a client's submission ring; its completion ring has at least twice the fewest.
  public static let ringEntries = 256
  /// The fewest.
  public static let leastRingEntries = 64
  /// Threads of one client's pool that carry out blocking calls.
  public static let workerThreads = 16
  /// The load of prompt pieces from which on other threads take their share: waking one costs about as much as four calls.
  public static let loadToShare = 8
  /// Bytes that take as long to copy as a small call takes.
  public static let loadBytes = 16_384
  /// Bytes of prompt pieces that one turn of a client's thread carries out, unless the first is longer: four small calls, so that
  /// what a turn costs beside them hardly shows, and what comes meanwhile waits for no longer than those take.
  public static let pieceBytesInTurn = 16_384
  /// Bytes of the longest transfer that a task makes itself instead of being suspended for it.
  public static let promptBytes = 65_536
  /// Bytes that one job of a task on a client's thread transfers like that before it lets others have a turn.
  public static let promptBytesInTurn = 131_072
  /// Reads that go the general way after one that the page cache did not hold.
  public static let cachedReadsToSkip = 63
  /// Turns in a row that expect a device's answers while they submit, before the kernel gets time for what it put off.
  public static let triesAtOnce = 16
  /// Sleeps after which it is tried again whether devices answer like that.
  public static let sleepsBeforeTry = 64
  /// Times that a piece is sent again after EINTR or EAGAIN before it counts as failed.
  public static let retries = 1024
  /// Times that it is sent again at once; after that a millisecond passes each time.
  public static let retriesAtOnce = 16
  /// Times that a thread that polls a shared client looks at the seat before it sleeps until somebody leaves it. With the pauses
  /// in between that is a fifth of a millisecond, some turns with dozens of requests: to sleep and be woken costs each of them.
  public static let looksAtSeat = 128
  /// The same for one that is not to wait: hardly more than a microsecond.
  public static let looksWithoutWaiting = 7
  /// The most times that either lets its processor pause from one look to the next; the first time once, then twice as often each
  /// time. Each look takes the word from the processor that works in the seat: with 16 of them two threads far apart made a
  /// quarter less, with one half as much.
  public static let pausesBetweenLooks = 64
  /// Milliseconds after which the thread of a shared client looks again whether others still poll it.
  public static let dozeMilliseconds: Int64 = 1
  /// Fault devices that may be stacked on one another.
  public static let faultDepth = 8
  /// Bytes in a fault plan.
  public static let faultPlanBytes = 1 << 20
}
