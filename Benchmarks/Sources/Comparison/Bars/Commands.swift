/// The command lines of the contestants.
enum Command {
  /// `dmio bench` of 4 KiB writes, unless said.
  static func dmio(
    _ device: String = "/dev/null", _ operation: String = "write", door: String = "callback", depth: Int = 32,
    block: String = "4KiB", more: [String] = [], length: [String] = ["--seconds", "{seconds}"]
  ) -> [String] {
    ["{dmio}", "bench", device, "--operation", operation, "--block-size", block, "--door", door]
      // A blocking call has no depth.
      + (door == "blocking" ? [] : ["--depth", "\(depth)"]) + more + length + ["--json"]
  }

  /// The C reference, likewise.
  static func reference(
    _ device: String = "/dev/null", _ operation: String = "write", shape: String = "loop", depth: Int = 32,
    block: Int = 4096, more: [String] = [], length: [String] = ["--seconds", "{seconds}"]
  ) -> [String] {
    ["{reference}", device, operation, "--shape", shape, "--block", "\(block)", "--depth", "\(depth)"] + more + length
  }

  /// The C interface of the library, likewise.
  static func border(
    _ device: String, _ operation: String = "write", depth: Int = 32, length: [String] = ["--seconds", "{seconds}"]
  ) -> [String] {
    ["env", "DM_IO_LIBRARY={library}", "{border}", device, operation, "--block", "4096", "--depth", "\(depth)"] + length
  }

  /// One of the Swift peers, likewise.
  static func peer(_ place: String, depth: Int) -> [String] {
    ["{\(place)}", "/dev/null", "write", "--block", "4096", "--depth", "\(depth)", "--seconds", "{seconds}"]
  }

  /// fio with everything that makes it fast.
  static func fio(depth: Int) -> [String] {
    [
      "fio", "--name=fio", "--filename=/dev/null", "--size=1g", "--ioengine=io_uring", "--fixedbufs", "--registerfiles",
      "--bs=4k", "--rw=randwrite", "--iodepth=\(depth)", "--iodepth_batch=\(depth)", "--iodepth_batch_complete_min=1",
      "--iodepth_batch_complete_max=\(depth)", "--gtod_reduce=1", "--norandommap", "--thread", "--output-format=json",
      "--time_based", "--runtime={milliseconds}ms",
    ]
  }

  /// A length in I/Os, for what is counted.
  static let counted = ["--ios", "{ios}"]
}

extension Contestant {
  /// A program, C unless said, and the same again.
  static func twins(_ command: [String], named name: String = "C") -> [Contestant] {
    let reference = Contestant(name, command)
    return [reference, reference.twin]
  }
}
