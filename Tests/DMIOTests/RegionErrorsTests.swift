import DMIOTestSupport
import Testing

@testable import DMIO

@Suite struct RegionErrorsTests {
  @Test("region i is bit i, for every i") func bits() {
    for index in 0..<Limits.regions {
      let set = RegionErrors.region(index)
      #expect(set.rawValue == 1 << UInt64(index))
      #expect(Array(set.indices) == [index])
    }
    #expect(Array(RegionErrors(rawValue: 0x8000_0000_0000_0005).indices) == [0, 2, 63])
  }

  @Test("a region beyond the last is a mistake of the caller") func beyond() async {
    await #expect(processExitsWith: .failure) { _ = RegionErrors.region(64) }
    await #expect(processExitsWith: .failure) { _ = RegionErrors.region(-1) }
  }

  @Test("the indices of a set are its members, lowest first") func indices() {
    var generator = Seeded("indices")
    for _ in 0..<1000 {
      let raw = generator.next() & generator.next()
      let indices = Array(RegionErrors(rawValue: raw).indices)
      #expect(indices == (0..<64).filter { raw >> UInt64($0) & 1 == 1 })
    }
  }

  @Test("a result tells failures only of regions that failed, and of no others") func failures() {
    let failure = RegionFailure(errno: .ENOSPC, sector: 9)
    let none = RegionFailure(errno: Errno(rawValue: 0), sector: 0)
    let result = RegionResult(errors: .region(1), failures: [none, failure, none])
    #expect(!result.isSuccess)
    #expect((-1...64).map { result.failure(of: $0) } == (-1...64).map { $0 == 1 ? failure : nil })
    #expect(RegionResult.success.isSuccess)
    #expect(RegionResult.success.failure(of: 0) == nil)
    #expect(result != .success)
  }

  @Test("every refusal has its errno and its sentence") func sentences() {
    let numbers: [(BlockError, Errno)] = [
      (.invalid(.readOfSeveralRegions), .EIO), (.invalid(.tooManyRegions), .EINVAL), (.wouldDeadlock, .EDEADLK),
      (.closed, .ESHUTDOWN), (.cancelled, .ECANCELED), (.busy, .EAGAIN), (.notOwner, .EPERM),
      (.system(.ENOENT, "disk.img"), .ENOENT),
    ]
    for (error, errno) in numbers {
      #expect(error.errno == errno)
      #expect(error.description.count > 10)
    }
    #expect(BlockError.system(.ENOENT, "disk.img").description == "disk.img: No such file or directory")
  }
}
