// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "swift-dm-io",
  products: [
    .library(name: "DMIO", targets: ["DMIO"]),
    .library(name: "DMIOCopy", targets: ["DMIOCopy"]),
    .library(name: "dm-io", type: .dynamic, targets: ["DMIOC"]),
    .executable(name: "dmio", targets: ["dmio-cli"]),
  ],
  traits: [
    .trait(name: "Hash", description: "Hashes in the receipts of dmio, with swift-crypto."),
    .default(enabledTraits: ["Hash"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.0.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    .target(name: "CDMIOSystem", linkerSettings: [.linkedLibrary("uring")]),
    .target(name: "DMIO", dependencies: ["CDMIOSystem"], swiftSettings: strict),
    .target(name: "DMIONames", dependencies: ["DMIO"], swiftSettings: strict),
    .target(name: "DMIOCopy", dependencies: ["DMIO"], swiftSettings: strict),
    .target(name: "CDMIO"),
    .target(name: "DMIOC", dependencies: ["CDMIO", "CDMIOSystem", "DMIO", "DMIONames"], swiftSettings: strict),
    .executableTarget(
      name: "dmio-cli",
      dependencies: [
        "DMIO", "DMIOCopy", "DMIONames",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Hash"])),
      ],
      swiftSettings: strict),
    .target(name: "DMIOTestSupport", dependencies: ["DMIO"], path: "Tests/DMIOTestSupport"),
    .testTarget(name: "DMIOTests", dependencies: ["DMIO", "DMIOTestSupport"]),
    .testTarget(name: "DMIOCopyTests", dependencies: ["DMIO", "DMIOCopy", "DMIOTestSupport"], swiftSettings: strict),
    .testTarget(name: "DMIONamesTests", dependencies: ["DMIO", "DMIONames"], swiftSettings: strict),
    .testTarget(name: "ConformanceTests", dependencies: ["CDMIO", "DMIO", "DMIOC"], exclude: ["Data"]),
    // What the tests need of the machine: programs, loop devices, a folder that is cleaned up.
    .target(name: "HostParts", path: "Tests/HostParts"),
    .testTarget(name: "DeviceContractTests", dependencies: ["DMIO", "HostParts"]),
    .testTarget(name: "RealPartsTests", dependencies: ["DMIO", "HostParts"]),
    .testTarget(name: "ToolTests", dependencies: ["dmio-cli", "DMIOTestSupport", "HostParts"], swiftSettings: strict),
    .testTarget(name: "TidyTests", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
