import DMIO
import Testing

@Suite struct RegionErrorsTests {
  @Test("region i is bit i, for every i") func bits() {
    for index in 0..<Limits.regions {
      let set = RegionErrors.region(index)
      #expect(set.rawValue == 1 << UInt64(index))
      #expect(Array(set.indices) == [index])
    }
    #expect(Array(RegionErrors(rawValue: 0x8000_0000_0000_0005).indices) == [0, 2, 63])
  }
}
