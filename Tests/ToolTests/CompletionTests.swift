import Foundation
import HostParts
import Testing

/// Completions are made by the tool itself, which is asked for them at installation.
@Suite struct CompletionTests {
  @Test("a shell's completions are read by it, and know every command", arguments: ["bash", "zsh", "fish"])
  func script(shell name: String) throws {
    let folder = try TemporaryFolder()
    let run = try Tool.run(["--generate-completion-script", name], in: folder)
    #expect(run.exit == 0 && run.error.isEmpty)
    let words = Set(String(decoding: run.output, as: UTF8.self).split { !$0.isLetter }.map(String.init))
    for verb in Verb.all where !words.isSuperset(of: verb.words) { Issue.record("\(verb) is missing") }
    try folder.make("script", run.output)
    guard Host.has(name) else { return }
    let read = Host.run(name, "-n", "\(folder.path)/script")
    #expect(read.status == 0 && read.text.isEmpty, "\(read.text)")
  }

  @Test("bash completes commands, and the options of each") func bash() throws {
    let folder = try TemporaryFolder()
    try folder.make("script", Tool.run(["--generate-completion-script", "bash"], in: folder).output)
    func complete(_ words: [String]) -> Set<Substring> {
      let quoted = words.map { "'\($0)'" }.joined(separator: " ")
      let command = """
        source '\(folder.path)/script'; complete -p dmio >/dev/null
        COMP_WORDS=(dmio \(quoted)); COMP_CWORD=\(words.count); COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
        _dmio dmio '\(words.last ?? "")' dmio; printf '%s\\n' "${COMPREPLY[@]}"
        """
      return Set(Host.run("bash", "--norc", "-c", command).text.split { "\n ".contains($0) })
    }
    #expect(Set(Verb.all.map { Substring($0.words[0]) }).subtracting(complete([""])) == [])
    try folder.make("disk.img", "")
    let operand = "\(folder.path)/di"
    for verb in ["copy", "read", "write", "info", "doctor", "bench"] {
      #expect(complete([verb, operand]).contains { $0.hasSuffix("/disk.img") }, "\(verb)")
    }
    #expect(complete(["copy", "--map", folder.path]).contains(Substring(folder.path)))
    for verb in Verb.all {
      let long = verb.options.filter { $0.count > 1 }.map { Substring("--" + $0) }
      #expect(Set(long).subtracting(complete(verb.words + ["--"])) == [], "\(verb)")
    }
  }
}
