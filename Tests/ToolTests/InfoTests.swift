import Foundation
import Testing

@Suite struct InfoTests {
  @Test("the version is one line") func version() throws {
    let run = try Tool.run(["--version"], in: TemporaryFolder())
    #expect(run.exit == 0 && String(decoding: run.output, as: UTF8.self) == "dmio 0.1.0\n" && run.error.isEmpty)
  }

  @Test("info tells size, block, engine and lane with their reasons", arguments: engines) func info(engine: String)
    throws
  {
    let folder = try TemporaryFolder()
    try folder.make("file", pattern(5000))
    try folder.make("plan", #"{"geometry":{"logical_block":4096,"discard":false}}"#)
    let run = try Tool.run(["info", "--json", "--engine", engine, "fault:plan,file,direct=off"], in: folder)
    #expect(run.exit == 0, "\(run.error)")
    let info = try JSONDecoding.object(run)
    #expect(info["device"] as? String == "fault:plan,file" && info["bytes"] as? Int == 5000)
    #expect(info["logical_block"] as? Int == 4096 && info["discard"] as? Bool == false)
    #expect(info["direct"] as? Bool == false && info["direct_reason"] as? String == "direct=off was asked for")
    #expect(info["engine"] as? String == engine && info["exit"] as? Int == 0)
    #expect(info["registered_pages"] as? Int == (engine == "threads" ? 0 : 4096))
    for key in ["engine_reason", "lane_reason", "registered_reason"] {
      #expect((info[key] as? String)?.isEmpty == false)
    }
    let text = try Tool.run(["info", "file"], in: folder)
    #expect(String(decoding: text.output, as: UTF8.self).contains("size:              5000 bytes (4.8 KiB)\n"))
  }
}
