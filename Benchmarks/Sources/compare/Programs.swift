import Foundation

/// Where the programs are that take part.
enum Programs {
  /// Those of this package, by the names that commands use.
  static let files = [
    "reference": "reference", "copier": "copier", "ioring": "peer-ioring", "nio": "peer-nio",
    "dispatch": "peer-dispatch", "border": "border",
    "stopwatch": "stopwatch", "mallocs": "libmallocs.so",
  ]

  /// Those of this package stand beside the runner.
  static func name(in lab: Lab, dmio: String) throws(Message) {
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    for (name, file) in files {
      let path = folder.appendingPathComponent(file).path
      if FileManager.default.fileExists(atPath: path) {
        lab.set(name, path)
      } else {
        lab.lack(name, because: "\(file) is not built: run swift build -c release in Benchmarks")
      }
    }
    let library = URL(fileURLWithPath: "../.build-lib/release/libdm-io.so")
    if FileManager.default.fileExists(atPath: library.path) {
      lab.set("library", library.path)
    } else {
      lab.lack("library", because: "the C library is not built: run `make library`")
    }
    guard FileManager.default.isExecutableFile(atPath: dmio) else {
      throw Message("\(dmio) is no program: build it with `make release`, or name it with --dmio")
    }
    lab.set("dmio", URL(fileURLWithPath: dmio).resolvingSymlinksInPath().path)
  }
}
