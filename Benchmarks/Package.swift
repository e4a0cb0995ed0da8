// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "dm-io-benchmarks",
  targets: [
    // What C gets out of liburing: all ratios of the table are ratios to it.
    .executableTarget(
      name: "reference",
      cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])],
      linkerSettings: [.linkedLibrary("uring")])
  ],
  swiftLanguageModes: [.v6]
)
