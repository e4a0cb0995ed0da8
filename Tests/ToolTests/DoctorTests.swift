import Foundation
import Testing

/// What the doctor says of files and of memory, which anybody can have.
@Suite struct DoctorTests {
  @Test("a file is told with its alignment, file system, engine and lane") func file() throws {
    let folder = try TemporaryFolder()
    try folder.make("disk.img", pattern(8192))
    let report = try DoctorReport.of("disk.img", in: folder)
    let file = try #require(report.devices.first)
    #expect(report.exit == 0 && report.engine == file.lane && report.wantedPages == 4096)
    #expect(file.kind == "file" && file.bytes == 8192 && file.error == nil)
    #expect(
      try file.fileSystem == shell("stat -f -c %T '\(folder.path)'").replacingOccurrences(of: "ext2/ext3", with: "ext4")
    )
    #expect((file.offsetAlignment ?? 0) >= 1 && file.findings.allSatisfy { $0.kind == "buffered" })
    let text = try Tool.run(["doctor", "disk.img"], in: folder)
    let lines = String(decoding: text.output, as: UTF8.self).split(separator: "\n")
    for label in [
      "engine:", "memlock limit:", "device:            disk.img", "size:              8192 bytes", "alignment:",
    ] {
      #expect(lines.contains { $0.hasPrefix(label) }, "\(label)")
    }
    #expect(text.exit == 0 && text.error.isEmpty)
  }

  @Test("memory and fault devices are devices like others") func others() throws {
    let folder = try TemporaryFolder()
    try folder.make("plan", #"{"geometry":{"logical_block":4096}}"#)
    let report = try DoctorReport.of("ram:1MiB", "null:", "fault:plan,ram:64k", in: folder)
    #expect(report.exit == 0 && report.devices.map(\.bytes) == [1 << 20, 1 << 30, 64 << 10])
    #expect(report.devices.map(\.logicalBlock) == [512, 512, 4096] && report.devices.allSatisfy(\.findings.isEmpty))
  }

  @Test("a device that cannot be opened is told, and the next is looked at") func missing() throws {
    let folder = try TemporaryFolder()
    try folder.make("good", pattern(512))
    let run = try Tool.run(["doctor", "--json", "missing", ".", "fault:none,good", "good"], in: folder)
    let report = try DoctorReport(run.output)
    #expect(run.exit == 1 && report.exit == 1)
    let reasons = [
      "missing: No such file or directory", ".: Is a directory",
      "fault:none,good: none: fault plan: No such file or directory",
    ]
    for (device, reason) in zip(report.devices, reasons) {
      #expect(device.error.map { reason.hasSuffix($0) } == true, "\(device.error ?? "opened")")
      #expect(device.kind == nil && run.error.contains("dmio: \(device.error ?? "?")\n"))
    }
    #expect(report.devices.last?.bytes == 512 && report.devices.count == 4)
    let text = try Tool.run(["doctor", "missing", "good"], in: folder)
    #expect(text.exit == 1 && text.error == "dmio: missing: No such file or directory\n")
    let output = String(decoding: text.output, as: UTF8.self)
    #expect(output.contains("device:            good\n") && !output.contains("missing"))
  }

  @Test(
    "regions and no device at all are usage errors, before anything is looked at",
    arguments: [["a,size=1s"], ["a", "b,offset=1s"], [], ["--engine", "threads", "a"]])
  func usage(arguments: [String]) throws {
    let run = try Tool.run(["doctor"] + arguments, in: TemporaryFolder())
    #expect(run.exit == 2 && run.output.isEmpty && !run.error.isEmpty)
  }

  @Test("a name that is not UTF-8 is printed escaped, and its command can be pasted") func rawName() throws {
    let folder = try TemporaryFolder()
    let name = Array("it's\u{1B}".utf8) + [0xFF]
    try shell("cd '\(folder.path)' && printf 12345678 >\"$(printf 'it\\047s\\033\\377')\" && chmod 444 it*")
    for json in [[], [Array("--json".utf8)]] {
      // Root may write whatever the mode says.
      let arguments = [Array("doctor".utf8)] + json + [name]
      let run = try RunningTool(arguments, in: folder).wait()
      #expect(run.exit == 0, "\(run.error)")
      #expect(run.output.allSatisfy { $0 == 0x0A || $0 >= 0x20 && $0 < 0x7F })
      #expect(String(decoding: run.output, as: UTF8.self).contains("it's\\x1B\\xFF") || json.count == 1)
    }
  }

  @Test("what refuses io_uring is named, with the command", .enabled(if: canTrace, "strace cannot trace here"))
  func refusedRing() throws {
    let folder = try TemporaryFolder()
    for (errno, says) in [("EPERM", "(EPERM)"), ("ENOSYS", "(ENOSYS)"), ("ENOMEM", "(ENOMEM)"), ("EMFILE", "(EMFILE")] {
      let output = try shell(
        """
        strace -f -o /dev/null -e trace=io_uring_setup -e inject=io_uring_setup:error=\(errno) \
          '\(Tool.path)' doctor --json 'ram:1MiB'
        """)
      let report = try DoctorReport(Array(output.utf8))
      let finding = try #require(report.findings.first)
      #expect(report.engine == "threads" && finding.kind == "io_uring" && finding.message.contains(says))
      #expect((finding.fix == nil) == (errno == "EMFILE"))
      _ = folder
    }
  }

  private static let canTrace = (try? shell("ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null true")) != nil
}
