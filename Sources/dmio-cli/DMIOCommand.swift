internal import ArgumentParser

/// The version of the tool.
let toolVersion = "0.1.0"

/// The tool: `dmio copy`, `verify`, `repair`, `map`, `read`, `write`, `info`, `doctor` and `bench`.
struct DMIOCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dmio", abstract: "Block I/O to many devices at once, and a receipt you can trust.",
    discussion: """
      EXAMPLES
        dmio copy golden.img /dev/sdb /dev/sdc           one source, read once, to many targets
        dmio copy --json disk.img copy.img               with a receipt in JSON
        dmio verify disk.img copy.img                    are they the same?
        dmio read /dev/sdb,offset=2048s,size=8MiB >part  a region to standard output
        dmio write --yes /dev/sdb,size=4MiB <part        standard input to one or more regions
        dmio info /dev/sdb                               what a device can do, and how it is used
        dmio doctor /dev/sdb                             what is in its way, and the cure
        dmio bench /dev/sdb                              how fast it is read

      DEVICES  /dev/sdb, img.raw, ram:64MiB, null:1GiB, fault:plan.json,DEVICE. A region is DEVICE,offset=N,size=N; a comma in
      a name is doubled. Sizes: 2048s (sectors of 512 bytes), 8MiB (1024), 8MB (1000), 512 (bytes).
      """,
    version: "dmio \(toolVersion)",
    subcommands: [
      CopyCommand.self, VerifyCommand.self, RepairCommand.self, MapCommand.self, ReadCommand.self, WriteCommand.self,
      InfoCommand.self, DoctorCommand.self, BenchCommand.self,
    ])

  func run() throws {
    throw ValidationError("a command is missing: copy, verify, repair, map, read, write, info, doctor or bench")
  }
}
