import DMIO
import DMIOTestSupport
import Glibc
import Testing

/// Signals, many threads, huge regions, and resources that are not there.
@Suite struct StressTests {
  /// Sends SIGUSR1 to a thread, again and again, for as long as `body` runs on it.
  private func underSignals(_ body: @escaping @Sendable () throws -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    // Without SA_RESTART: every blocking call of the thread is cut off.
    sigaction(SIGUSR1, &action, nil)
    let target = Box<pthread_t?>(nil)
    let sent = Box(0)
    let isOver = Box(false)
    let worker = OwnThread {
      target.change { $0 = pthread_self() }
      // The storm is on before anything happens.
      sent.wait { $0 > 10 }
      do { try body() } catch { Issue.record(error) }
      isOver.change { $0 = true }
      sent.wait { $0 < 0 }
    }
    let thread = target.waited()
    while !isOver.value {
      pthread_kill(thread, SIGUSR1)
      sent.change { $0 += 1 }
      sched_yield()
    }
    sent.change { $0 = -1 }
    worker.join()
  }

  @Test(
    "T8: in a storm of signals a blocked call returns when its request is over, with the right result",
    arguments: Way.engines)
  func signals(engine: EngineChoice) throws {
    for kind in [BlockClient.Kind.shared, .driven] {
      let held = HeldDevice()
      let device = try held.device
      let disk = try WatchedDisk()
      let file = try TemporaryDisk(bytes: 1 << 20)
      let plain = try file.open()
      let returned = Box(0)
      let answering = OwnThread {
        for index in 0..<20 {
          let piece = held.next()
          // Not before the answer, however many signals there were.
          let early = returned.value != index
          if early { piece.fail(.EPROTO) } else { piece.fail(.ENOSPC) }
        }
      }
      underSignals {
        let rig = try Rig(Way(engine, kind, .blocking), pages: 1)
        for index in 0..<20 {
          let answer = try rig.perform(.discard, [Region(device, start: 8, count: 8)], .none)
          returned.change { $0 += 1 }
          #expect(answer == .failure(0, .ENOSPC, 8))
          let bytes = pattern(64 * 512, UInt64(index))
          #expect(try rig.write([disk.region(8, 64), Region(plain, start: 8, count: 64)], bytes) == .success)
          #expect(try rig.write([Region(plain, start: 8, count: 64)], bytes) == .success)
          #expect(try rig.perform(.flush, [disk.region(0, 0)], .none) == .success)
          let read = try rig.read(Region(plain, start: 8, count: 64))
          #expect(read.answer == .success)
          #expect(read.bytes == bytes)
        }
      }
      answering.join()
      #expect(returned.value == 20)
    }
  }

  @Test("T9: a million tiny blocking calls of 16 threads all return, with the right result") func tinyCalls() throws {
    let count = scaled(1_000_000)
    let client = try BlockClient(pages: 16)
    let device = try BlockDevice.null(bytes: 1 << 20)
    let wrong = Box(0)
    OwnThread.run(16) { thread in
      let good = [Region(device, start: UInt64(thread), count: 0)]
      let bad = [Region(device, start: 1 << 20, count: 1)]
      for index in 0..<(count + 15) / 16 {
        let isBad = index % 8 == 7
        let result = try? client.performBlocking(isBad ? .discard : .flush, isBad ? bad : good, .none)
        if result?.errors.rawValue != (isBad ? 1 : 0) { wrong.change { $0 += 1 } }
      }
    }
    #expect(wrong.value == 0)
  }

  @Test("T9: threads, tasks and callbacks at once all get their own answers", arguments: Way.engines)
  func mixed(engine: EngineChoice) async throws {
    let client = try BlockClient(pages: 4, engine: engine)
    let disk = try WatchedDisk(bytes: 1 << 20, [.init(operation: .writeZeroes, start: 100, count: 1)])
    let rounds = scaled(500)
    let wrong = Box<[String]>([])
    let tasks = (0..<4).map { index in
      Task.detached {
        for _ in 0..<rounds {
          let sector = 96 + index * 4
          let result = try? await client.perform(.writeZeroes, disk.region(sector, 8), .none)
          let expected: UInt64 = (sector..<sector + 8).contains(100) ? 1 : 0
          if result?.errors.rawValue != expected { wrong.change { $0.append("task \(index)") } }
        }
      }
    }
    let answers = Box(0)
    let threads = (0..<4).map { thread in
      OwnThread {
        let memory = Bytes(.contiguous(shift: 8 * thread), count: 4096)
        for round in 0..<rounds {
          let region = disk.region(512 + thread * 64 + round % 8, 8)
          if thread.isMultiple(of: 2) {
            let result = try? client.performBlocking(.read, [region], memory.memory)
            if result?.isSuccess != true { wrong.change { $0.append("thread \(thread)") } }
          } else {
            try? client.submit(.flush, [region], .none) { result in
              if result.isSuccess { answers.change { $0 += 1 } }
            }
          }
        }
      }
    }
    for task in tasks { await task.value }
    for thread in threads { thread.join() }
    client.close()
    #expect(wrong.value == [])
    #expect(answers.value == 2 * rounds)
  }

  @Test("T15: limits that change while a request is cut do not reach it", arguments: Way.noFiles)
  func wanderingLimits(way: Way) throws {
    let wandering = WanderingDevice()
    let device = try BlockDevice(wandering, name: "wandering")
    let rig = try Rig(way, pages: 1)
    let isOver = Box(false)
    let changer = OwnThread { while !isOver.value { wandering.limit.change { $0 = $0 == 0 ? 1000 : 0 } } }
    for _ in 0..<scaled(50) {
      wandering.counts.change { $0 = [] }
      #expect(try rig.perform(.discard, [Region(device, start: 0, count: 100_000)], .none) == .success)
      #expect(wandering.counts.value == Array(repeating: 1000, count: 100))
    }
    isOver.change { $0 = true }
    changer.join()
  }

  @Test("T22: 5 GiB are discarded and zeroed, to the sector", arguments: Way.engines)
  func fiveGiB(engine: EngineChoice) throws {
    let sectors = 5 << 21
    let disk = try TemporaryDisk(bytes: (sectors + 16) * 512)
    let device = try disk.open()
    let rig = try Rig(Way(engine, .shared, .closure))
    for kind in [DMIO.Operation.Kind.discard, .writeZeroes] {
      let marks = [0, 8, sectors / 2, sectors, sectors + 8]
      for mark in marks { disk.fill(pattern(4096), at: mark * 512) }
      #expect(try rig.perform(Operation(kind), [Region(device, start: 8, count: UInt64(sectors))], .none) == .success)
      for mark in marks {
        let isInside = mark != 0 && mark != sectors + 8
        #expect(disk.contents(mark * 512, 4096) == (isInside ? [UInt8](repeating: 0, count: 4096) : pattern(4096)))
      }
    }
  }

  @Test(
    "T22: a data region of 4 GiB and 4 KiB is carried out whole", arguments: Way.noFiles.filter { $0.door == .closure })
  func fourGiB(way: Way) throws {
    let bytes = (4 << 30) + 4096
    let recorder = RecordingDevice(Geometry(bytes: 8 << 30))
    let rig = try Rig(way)
    // Nobody touches the memory, so that none is needed.
    let base = try #require(mmap(nil, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
    defer { munmap(base, bytes) }
    let region = Region(try recorder.device, start: 1, count: UInt64(bytes / 512))
    #expect(try rig.perform(.write, [region], Memory(contiguous: base, byteCount: bytes)) == .success)
    var next: UInt64 = 1
    for operand in recorder.operands.value {
      guard operand.sector == next, operand.count > 0 else { break }
      next += operand.count
    }
    #expect(next == UInt64(bytes / 512) + 1)
    #expect(recorder.operands.value.count == 4097)
  }

  @Test("T22: the engines write 4 GiB and 4 KiB from a circular list", arguments: Way.engines)
  func fourGiBThroughEngine(engine: EngineChoice) throws {
    let bytes: UInt64 = (4 << 30) + 4096
    let device = try BlockDevice.open("/dev/null", FileOptions(characterBytes: bytes))
    let rig = try Rig(Way(engine, .shared, .closure))
    let node = UnsafeMutablePointer<PageNode>.allocate(capacity: 1)
    let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 4096)
    defer {
      node.deallocate()
      page.deallocate()
    }
    page.initializeMemory(as: UInt8.self, repeating: 0, count: 4096)
    node.initialize(to: PageNode(page: page, next: node))
    let region = Region(device, start: 0, count: bytes / 512)
    #expect(try rig.perform(.write, [region], Memory(pages: node, offset: 0)) == .success)
  }

  @Test("T2: making a client fails cleanly where the system refuses something, and the next works") func refusals()
    async
  {
    await #expect(processExitsWith: .success) {
      /// The threads of clients: each closes what it had before it ends.
      func threads() -> Int {
        guard let tasks = opendir("/proc/self/task") else { return 0 }
        defer { closedir(tasks) }
        var count = 0
        while let entry = readdir(tasks) {
          let id = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
          let file = open("/proc/self/task/\(id)/comm", O_RDONLY)
          var name = [UInt8](repeating: 0, count: 5)
          if file >= 0, read(file, &name, 5) == 5, name == Array("dmio-".utf8) { count += 1 }
          close(file)
        }
        return count
      }
      func limit(_ resource: __rlimit_resource, to value: UInt) {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(resource.rawValue), &limits)
        limits.rlim_cur = min(value, limits.rlim_max)
        setrlimit(__rlimit_resource_t(resource.rawValue), &limits)
      }
      /// What making, using and letting go of a client came to.
      func attempt(_ kind: BlockClient.Kind, _ engine: EngineChoice, pages: Int = 4) -> BlockError? {
        do throws(BlockError) {
          let client = try BlockClient(pages: pages, kind: kind, engine: engine)
          let device = try BlockDevice.ram(bytes: 4096)
          _ = try client.flushBlocking([device])
          return nil
        } catch { return error }
      }
      let kinds = [BlockClient.Kind.driven, .shared]
      func settle() { while threads() > 0 { sched_yield() } }
      func leaveDescriptors(_ count: Int) {
        settle()
        limit(RLIMIT_NOFILE, to: UInt((0..<1024).filter { fcntl(Int32($0), F_GETFD) < 0 }[count]))
      }
      for kind in kinds {
        // Room for none, one, … descriptors: each that is asked for is refused once.
        for more in 0..<4 {
          for engine in [EngineChoice.uring, .auto, .threads] {
            leaveDescriptors(more)
            if let error = attempt(kind, engine), error.errno != .EMFILE { exit(2) }
            limit(RLIMIT_NOFILE, to: 1024)
          }
        }
        leaveDescriptors(1)
        if attempt(kind, .uring) == nil { exit(3) }
        limit(RLIMIT_NOFILE, to: 1024)
        if attempt(kind, .uring) != nil { exit(4) }
      }
      settle()
      // The sanitizers need more addresses than any limit of use would leave.
      if !isSanitized {
        limit(RLIMIT_AS, to: 3 << 30)
        for kind in kinds {
          // 4 GiB of bounce pages do not fit, whichever of the tables is refused.
          if attempt(kind, .threads, pages: Limits.reservedPages)?.errno != .ENOMEM { exit(5) }
          if attempt(kind, .threads) != nil { exit(6) }
        }
      }
      exit(0)
    }
  }
}

/// A device whose limits another thread changes.
private final class WanderingDevice: BlockBackend {
  let limit = Box<UInt64>(1000)
  let counts = Box<[UInt64]>([])

  var geometry: Geometry { Geometry(bytes: 1 << 30, discardSectors: limit.value) }

  func submit(_ piece: consuming Piece) {
    let count = piece.sectorCount
    counts.change { $0.append(count) }
    piece.succeed()
  }

  func close() {}
}
