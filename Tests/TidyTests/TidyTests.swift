import Testing

/// The style of the repository, as far as a machine can judge it. What may break a rule stands in `Exceptions`.
@Suite struct TidyTests {
  private let files = Repository.files

  @Test("the repository is found") func repositoryIsFound() {
    #expect(files.contains { $0.path == "Package.swift" })
    #expect(files.contains { $0.path.hasPrefix("Sources/DMIO/") })
  }

  @Test("no source file is longer than 300 lines") func fileLengths() {
    report(
      files.filter { $0.isSwift || $0.isC }.compactMap { file in
        guard file.lines.count > Exceptions.fileLines, !Exceptions.longFiles.contains(file.path) else { return nil }
        return Finding(path: file.path, line: file.lines.count, message: "\(file.lines.count) lines")
      })
  }

  @Test("no function is longer than 70 lines") func functionLengths() {
    report(
      files.filter { !Exceptions.longFunctions.contains($0.path) }.flatMap { file in
        let functions =
          file.isSwift ? FunctionFinder.swift(file.lines) : file.isC ? FunctionFinder.c(file.lines) : []
        return functions.filter { $0.length > Exceptions.functionLines }
          .map { Finding(path: file.path, line: $0.line, message: "a function of \($0.length) lines") }
      })
  }

  @Test("the library has no unfinished work, no forced try, and does not print") func bannedWords() {
    report(
      findings(in: { $0.isSwift && $0.path.hasPrefix("Sources/DMIO/") }) { file, index in
        let line = file.lines[index]
        // An example in a doc comment may print.
        let banned = line.isComment ? ["TODO", "FIXME"] : ["TODO", "FIXME", "try!", "print("]
        return banned.first { containsWord($0, in: line) }.map { "\($0) has no place in the library" }
      })
  }

  @Test("what the compiler cannot check is explained above it") func unsafeConformances() {
    report(
      findings(in: { $0.path.hasPrefix("Sources/") && !Exceptions.unexplained.contains($0.path) }) { file, index in
        guard file.isSwift, !file.lines[index].isComment else { return nil }
        let used = ["@unchecked Sendable", "Unmanaged"].first { containsWord($0, in: file.lines[index]) }
        guard let used, !isExplained(index, in: file.lines) else { return nil }
        return "\(used) without a comment above it that says why it is right (// Why …)"
      })
  }

  @Test("every link in a document leads somewhere") func links() {
    report(
      files.filter(\.isMarkdown).flatMap { file in
        LinkFinder.links(file.lines).compactMap { link in
          if let path = LinkFinder.resolve(link.target, in: file.path), Repository.exists(path) { return nil }
          return Finding(path: file.path, line: link.line, message: "leads nowhere: \(link.target)")
        }
      })
  }

  @Test("the README's Swift examples stand in a snippet that is compiled") func readmeExamples() {
    let blocks = files.filter { $0.path == "README.md" }.flatMap { Repository.codeBlocks(of: $0, in: "swift") }
    let snippets = files.filter { $0.path.hasPrefix("Snippets/") }.map { $0.lines.joined(separator: "\n") }
    #expect(!blocks.isEmpty)
    for block in blocks {
      #expect(
        snippets.contains { $0.contains(block) }, "no snippet contains the example that begins \(block.prefix(60))")
    }
  }

  @Test("no file is larger than 200 KiB") func fileSizes() {
    report(
      files.compactMap { file in
        if file.path.hasPrefix("Tests/") && Exceptions.largeTestData.contains(file.name) { return nil }
        guard file.byteCount > Exceptions.fileBytes else { return nil }
        return Finding(path: file.path, line: 1, message: "\(file.byteCount) bytes")
      })
  }

  @Test("no line ends in blanks") func trailingBlanks() {
    report(
      findings(in: { _ in true }) { file, index in
        file.lines[index].last.map { $0 == " " || $0 == "\t" || $0 == "\r" } == true ? "ends in blanks" : nil
      })
  }

  @Test("no file names a path of somebody's machine") func absolutePaths() {
    let folders = ["work", "root", "Users"].map { "/\($0)/" }
    report(
      findings(in: { _ in true }) { file, index in
        folders.first { containsWord($0, in: file.lines[index]) }.map { "names \($0)" }
      })
  }

  @Test("the first declaration of every source file is documented") func firstDeclarations() {
    report(
      files.compactMap { file in
        guard file.isSwift, file.path.hasPrefix("Sources/"), !Exceptions.undocumented.contains(file.path),
          let line = undocumentedFirstDeclaration(file.lines)
        else { return nil }
        return Finding(path: file.path, line: line, message: "the first declaration has no documentation")
      })
  }
}

/// Fails with one line for each finding.
private func report(_ findings: [Finding], at location: SourceLocation = #_sourceLocation) {
  guard !findings.isEmpty else { return }
  Issue.record("\(findings.map(\.description).joined(separator: "\n"))", sourceLocation: location)
}

/// Asks for each line of the chosen files what is wrong with it.
private func findings(
  in isChosen: (RepositoryFile) -> Bool, _ message: (RepositoryFile, Int) -> String?
) -> [Finding] {
  files(isChosen).flatMap { file in
    file.lines.indices.compactMap { index in
      message(file, index).map { Finding(path: file.path, line: index + 1, message: $0) }
    }
  }
}

private func files(_ isChosen: (RepositoryFile) -> Bool) -> [RepositoryFile] {
  Repository.files.filter(isChosen)
}
