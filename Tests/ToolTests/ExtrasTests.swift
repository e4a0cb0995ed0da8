import Foundation
import Testing

/// Where what a copy makes beside its targets may not go.
@Suite struct ExtrasTests {
  @Test("a picture that would take the place of what is copied is refused", arguments: ["source", "target", "new"])
  func refused(plot: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern(1000))
    let old = try folder.make("target", pattern(500, seed: 2))
    let run = try Tool.run(["copy", "--plot", plot, "source", "target", "new"], in: folder)
    #expect(run.exit == 1 && run.error.contains("--plot"), "\(run.exit): \(run.error)")
    #expect(try folder.bytes("source") == bytes && folder.bytes("target") == old && !folder.exists("new"))
  }

  @Test("a manifest cannot take the place of a new target, nor a picture that of the manifest") func manifest() throws {
    let folder = try TemporaryFolder()
    try folder.make("source", pattern(1000))
    let taken = try Tool.run(["copy", "--manifest", "new", "source", "./new"], in: folder)
    #expect(taken.exit == 1 && taken.error.contains("--manifest: is ./new"), "\(taken.exit): \(taken.error)")
    let same = try Tool.run(["copy", "--manifest", "sums", "--plot", "./sums", "source", "new"], in: folder)
    #expect(same.exit == 1 && same.error.contains("--plot: is the manifest"), "\(same.exit): \(same.error)")
    #expect(try folder.snapshot().keys.sorted() == ["source"])
  }

  @Test("going on with a copy makes a manifest if all is read for some target, and refuses to if not") func resumed()
    throws
  {
    let folder = try TemporaryFolder()
    let bytes = try folder.make("source", pattern((1 << 20) + 100))
    #expect(try Tool.run(["copy", "--map", "maps", "source", "a", "b"], in: folder).exit == 0)
    let before = try folder.snapshot()
    let resume = ["copy", "--map", "maps", "--resume", "--manifest", "sums", "source", "a", "b"]
    let refused = try Tool.run(resume, in: folder)
    #expect(refused.exit == 1 && refused.error.contains("--manifest: a part of the source is done"), "\(refused.error)")
    #expect(try folder.snapshot() == before)
    _ = try shell("rm '\(folder.path)/b'")
    let made = try Tool.run(resume, in: folder)
    #expect(made.exit == 0, "\(made.error)")
    #expect(try folder.bytes("b") == bytes)
    #expect(try shell("cd '\(folder.path)' && sha256sum -c sums") == "source: OK")
  }
}
