// swift-tools-version: 6.2
import PackageDescription

// A package that depends on this one by path, as others do by address: it can, as no target that it needs sets unsafe flags.
let package = Package(
  name: "dependent",
  dependencies: [.package(name: "swift-dm-io", path: "../..")],
  targets: [
    .executableTarget(name: "dependent", dependencies: [.product(name: "DMIO", package: "swift-dm-io")])
  ]
)
