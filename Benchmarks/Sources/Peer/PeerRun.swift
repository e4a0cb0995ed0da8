internal import Glibc
public import Yardstick

/// What the command line asks of a peer, the device that it names, and the span that is measured.
///
/// All contestants take the same options and are measured by the same clocks: C's.
///
/// Why unchecked: the pointers are those of the command line, which is there as long as the process and never written.
@safe public struct PeerRun: @unchecked Sendable {
  private let options: Yardstick.options
  private let device: Yardstick.device

  /// Bytes of one I/O.
  public let block: Int
  /// I/Os in flight.
  public let depth: Int
  /// Whether the I/Os are writes.
  public let isWrite: Bool
  /// How many I/Os may be sent at most.
  public let limit: UInt64

  /// Reads the command line and opens the device. Ends the process with a message where either cannot be.
  public init() {
    var options = unsafe parse_options(CommandLine.argc, CommandLine.unsafeArgv)
    guard unsafe options.shape == SHAPE_LOOP else { PeerRun.fail("a peer knows no --shape but loop") }
    device = unsafe open_device(&options)
    block = Int(unsafe options.block)
    depth = Int(unsafe options.depth)
    isWrite = unsafe options.is_write
    limit = unsafe span_limit(&options)
    unsafe self.options = options
  }

  /// How many of them the task `index` of `depth` may send.
  public func share(of index: Int) -> UInt64 {
    guard limit != .max else { return .max }
    return limit / UInt64(depth) + (UInt64(index) < limit % UInt64(depth) ? 1 : 0)
  }

  /// The path of the device.
  public var path: String { unsafe String(cString: options.device) }

  /// The open device.
  public var descriptor: CInt { device.fd }

  /// Whether the device is opened with O_DIRECT.
  public var isDirect: Bool { unsafe options.is_direct }

  /// The byte offset of a random block.
  @inline(__always)
  public func offset(_ random: inout random) -> UInt64 {
    unsafe random_below(&random, device.blocks) &* UInt64(block)
  }

  /// Page-aligned memory full of random bytes for `count` I/Os, kept until the process ends.
  public func memory(count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: random_pages(UInt64(count * block)), count: count * block)
  }

  /// Runs `work`, which returns how many I/Os it made, between two looks at the clocks, and prints the result.
  public func measure(_ work: () async throws -> UInt64) async {
    var options = unsafe self.options
    do {
      unsafe begin_span(&options)
      let ios = try await work()
      end_span()
      unsafe print_span(&options, ios, UInt64(block))
    } catch {
      PeerRun.fail("\(path): \(error)")
    }
  }

  /// The same for work that waits for nothing.
  public func measure(_ work: () throws -> UInt64) {
    var options = unsafe self.options
    do {
      unsafe begin_span(&options)
      let ios = try work()
      end_span()
      unsafe print_span(&options, ios, UInt64(block))
    } catch {
      PeerRun.fail("\(path): \(error)")
    }
  }

  /// Ends the process unless an I/O moved all of its bytes.
  @inline(__always)
  public func check(moved: Int) {
    if moved != block { PeerRun.fail("\(path): an I/O of \(block) bytes moved \(moved)") }
  }

  /// Ends the process with a message: a benchmark of I/O that failed measures nothing.
  public static func fail(_ message: String) -> Never {
    var standardError = StandardError()
    print("\(CommandLine.arguments[0]): \(message)", to: &standardError)
    exit(1)
  }
}
