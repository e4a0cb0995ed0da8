internal import DMIO
internal import DMIONames

/// What a device is, how it would be used, and what is in the way.
struct DeviceCheckup {
  private(set) var facts: [Fact]
  private(set) var findings: [Finding] = []
  /// Why it cannot be opened; nil if it can.
  private(set) var refusal: Refusal?

  /// Opens the device for reading, looks, and closes it again.
  init(_ operand: RegionOperand, _ client: BlockClient, _ uses: Uses) {
    let name = printable(operand.device.description)
    facts = [Fact("device", name, ("device", .string(name)))]
    do throws(Refusal) {
      let stack = try DeviceStack(operand.device)
      do throws(Refusal) {
        let opened = try DeviceOpening(stack: stack, mode: operand.direct).open()
        look(at: opened, mode: operand.direct, client)
        lookBelow(stack, opened, uses)
        opened.device.close()
      } catch {
        refusal = error
        lookBelow(stack, nil, uses)
      }
    } catch {
      refusal = error
    }
  }

  private mutating func look(at opened: OpenDevice, mode: DirectMode, _ client: BlockClient) {
    let device = DeviceFacts(opened, client)
    facts = device.facts + [alignment(of: opened), device.lane]
    if let report = opened.report, mode == .auto, !opened.isDirect, !report.isInMemory {
      findings.append(
        Finding(kind: .buffered, message: "all bytes go through the page cache: \(opened.directReason)", fix: nil))
    }
  }

  /// What the kernel knows of the file or block device, whether or not it could be opened.
  private mutating func lookBelow(_ stack: DeviceStack, _ opened: OpenDevice?, _ uses: Uses) {
    guard case .path(let path) = stack.core, let status = (try? FileStatus.of(path)) ?? nil,
      status.kind == .block || status.kind == .regular && !status.isOfTheKernel
    else { return }
    let file = FileCheckup(path, status.kind == .regular ? opened?.file : nil)
    facts += file.facts
    let used = uses.of(status, path: path).map { Finding($0) }
    if status.kind == .block {
      let block = BlockCheckup(path, special: status.special, opened?.file)
      if opened == nil { facts += block.size }
      facts += block.facts
      // Who uses it has to go before anything of it can be changed.
      findings += used + block.findings
      if used.isEmpty, let finding = block.heldByOthers { findings.append(finding) }
    } else {
      findings += used
    }
    if let finding = file.refusal() { findings.append(finding) }
  }

  private func alignment(of opened: OpenDevice) -> Fact {
    let geometry = opened.innermost.geometry
    let (memory, offset) = (geometry.memoryAlignment, geometry.logicalBlock)
    guard let report = opened.report, opened.isDirect else {
      return Fact("alignment", "none is needed", ("offset_alignment", .number(1)), ("alignment_source", .null))
    }
    let source = report.isAlignmentTold ? "statx" : "trial"
    let whence = report.isAlignmentTold ? "the kernel says so (statx)" : "found by trying"
    return Fact(
      "alignment", "memory \(memory), offset and length \(offset) bytes: \(whence)",
      ("offset_alignment", .number(UInt64(offset))), ("alignment_source", .string(source)))
  }

  /// Lines for people; nil for a device of which nothing is known but why it cannot be opened.
  var text: String? {
    if refusal != nil, facts.count == 1, findings.isEmpty { return nil }
    return facts.text + (findings.isEmpty ? [Fact("finding", "none")].text : findings.text)
  }

  /// The same for programs.
  var json: JSON {
    .object(
      facts.members + [
        ("error", .string(orNull: refusal?.message)), ("findings", .array(findings.map(\.json))),
      ])
  }
}
