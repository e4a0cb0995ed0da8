// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]
let strictC: [CSetting] = [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]

let package = Package(
  name: "dm-io-benchmarks",
  products: [
    .library(name: "mallocs", type: .dynamic, targets: ["mallocs"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
  ],
  targets: [
    // What all contestants share: options, devices, the measured span, its report.
    .target(name: "Yardstick", cSettings: strictC),
    // What C gets out of liburing: all ratios of the table are ratios to it.
    .executableTarget(
      name: "reference", dependencies: ["Yardstick"], cSettings: strictC,
      linkerSettings: [.linkedLibrary("uring")]),
    // The same for copies: what C gets out of the processors.
    .executableTarget(name: "copier", dependencies: ["Yardstick"], cSettings: strictC),
    // What it costs to call the library through its C interface.
    .executableTarget(name: "border", dependencies: ["Yardstick"], cSettings: strictC),
    // What a Swift user would pick otherwise, each a program of its own so that their modules cannot clash.
    .target(name: "Peer", dependencies: ["Yardstick"], swiftSettings: strict),
    .executableTarget(
      name: "peer-ioring",
      dependencies: ["Peer", "Yardstick", .product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: strict),
    .executableTarget(name: "peer-dispatch", dependencies: ["Peer", "Yardstick"], swiftSettings: strict),
    .executableTarget(
      name: "peer-nio",
      dependencies: [
        "Peer", "Yardstick",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "_NIOFileSystem", package: "swift-nio"),
      ],
      swiftSettings: strict),
    // The runner. What needs no machine is in Comparison, and tested.
    .target(name: "Comparison", swiftSettings: strict),
    .executableTarget(name: "compare", dependencies: ["Comparison"], swiftSettings: strict),
    .testTarget(name: "ComparisonTests", dependencies: ["Comparison"], swiftSettings: strict),
    // They run the programs that stand beside them.
    .testTarget(name: "ProgramTests", swiftSettings: strict),
    .executableTarget(name: "allocate", path: "Tests/allocate", cSettings: strictC),
    // Counts the heap allocations of a program that it is preloaded into.
    .target(name: "mallocs", cSettings: strictC),
    // Times a copy and finds its peak memory.
    .executableTarget(name: "stopwatch", cSettings: strictC),
  ],
  swiftLanguageModes: [.v6]
)
