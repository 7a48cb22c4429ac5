// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target. Continuous integration turns warnings into errors; a user's newer compiler
/// with a new warning still builds.
var settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]
if Context.environment["RNNTOOL_WARNINGS_AS_ERRORS"] != nil {
  settings.append(.treatAllWarnings(as: .error))
}

/// `tools/fuzz` builds the libraries so that libFuzzer sees which parts of them an input reaches.
let fuzzes = Context.environment["RNNTOOL_FUZZ"] != nil
if fuzzes { settings.append(.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])) }

let package = Package(
  name: "rnntool",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "rnntool", targets: ["rnntool"]),
    .library(name: "HDF5", targets: ["HDF5"]),
    .library(name: "Kernels", targets: ["Kernels"]),
    .library(name: "RNNModel", targets: ["RNNModel"]),
    .library(name: "RNNFormat", targets: ["RNNFormat"]),
    .library(name: "RNNConversion", targets: ["RNNConversion"]),
    .library(name: "RNNText", targets: ["RNNText"]),
    .library(name: "RNNTraining", targets: ["RNNTraining"]),
    .library(name: "RNNEvaluation", targets: ["RNNEvaluation"]),
    .library(name: "RNNAnalysis", targets: ["RNNAnalysis"]),
    .library(name: "RNNGeneration", targets: ["RNNGeneration"]),
    .library(name: "NGram", targets: ["NGram"]),
    .library(name: "Plots", targets: ["Plots"]),
    .library(name: "RNNInspection", targets: ["RNNInspection"]),
  ],
  traits: [
    .trait(name: "NPZ", description: "Reading and writing NumPy .npz files through libzip."),
    .default(enabledTraits: ["NPZ"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.0"),
  ],
  targets: [
    // The C boundary: system libraries and the hot loops.
    .systemLibrary(
      name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),
    .systemLibrary(
      name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CKernels"),
    .target(name: "CEmbeddedTexts"),
    .target(name: "CSandbox"),

    // Charts, which know nothing of what they show.
    .target(name: "Plots", swiftSettings: settings),

    // The libraries, each importing only what stands above it.
    .target(name: "HDF5", dependencies: ["CHDF5"], swiftSettings: settings),
    .target(
      name: "Kernels",
      dependencies: ["CKernels"],
      swiftSettings: settings,
      linkerSettings: [.linkedFramework("Accelerate", .when(platforms: [.macOS]))]),
    .target(
      name: "RNNModel",
      dependencies: ["Kernels", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(name: "RNNText", dependencies: ["CZlib", "Kernels", "RNNModel"], swiftSettings: settings),
    .target(
      name: "NGram",
      dependencies: ["RNNText", "RNNModel", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(
      name: "RNNFormat",
      dependencies: [
        "RNNModel", "NGram", "HDF5", "CEmbeddedTexts", "CSandbox", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .target(
      name: "RNNConversion",
      dependencies: [
        "RNNFormat", "RNNModel", "RNNText", "NGram", "Kernels", "HDF5", "CZlib",
        .product(name: "RealModule", package: "swift-numerics"),
        .target(name: "CZip", condition: .when(traits: ["NPZ"])),
      ],
      swiftSettings: settings),
    .target(
      name: "RNNTraining",
      dependencies: ["RNNText", "RNNModel", "Kernels", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(
      name: "RNNEvaluation",
      dependencies: ["RNNText", "RNNModel", "Kernels", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(
      name: "RNNAnalysis",
      dependencies: ["RNNModel", "Kernels", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(
      name: "RNNGeneration",
      dependencies: ["RNNModel", "Kernels", .product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: settings),
    .target(
      name: "RNNInspection",
      dependencies: [
        "RNNConversion", "RNNFormat", "RNNModel", .product(name: "RealModule", package: "swift-numerics"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "rnntool",
      dependencies: [
        "HDF5", "Kernels", "RNNModel", "RNNText", "NGram", "RNNFormat", "RNNConversion", "RNNTraining", "RNNEvaluation",
        "RNNAnalysis", "RNNGeneration", "RNNInspection", "Plots",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // One test target per module, and one that runs the binary.
    .testTarget(name: "PlotsTests", dependencies: ["Plots"], swiftSettings: settings),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "CHDF5"], swiftSettings: settings),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels"], swiftSettings: settings),
    .testTarget(name: "RNNModelTests", dependencies: ["RNNModel", "Kernels"], swiftSettings: settings),
    .testTarget(
      name: "RNNFormatTests", dependencies: ["RNNFormat", "RNNModel", "NGram", "HDF5", "Kernels"],
      swiftSettings: settings),
    .testTarget(
      name: "RNNConversionTests", dependencies: ["RNNConversion", "RNNFormat", "RNNModel", "NGram", "HDF5"],
      swiftSettings: settings),
    .testTarget(
      name: "RNNTextTests", dependencies: ["RNNText", "RNNModel", "Kernels", "CZlib"], swiftSettings: settings),
    .testTarget(
      name: "RNNTrainingTests", dependencies: ["RNNTraining", "RNNText", "RNNModel", "Kernels"],
      swiftSettings: settings),
    .testTarget(
      name: "RNNEvaluationTests", dependencies: ["RNNEvaluation", "RNNText", "RNNModel", "Kernels", "NGram"],
      swiftSettings: settings),
    .testTarget(
      name: "RNNAnalysisTests", dependencies: ["RNNAnalysis", "RNNModel", "Kernels"], swiftSettings: settings),
    .testTarget(
      name: "RNNGenerationTests", dependencies: ["RNNGeneration", "RNNModel", "Kernels"], swiftSettings: settings),
    .testTarget(
      name: "NGramTests",
      dependencies: [
        "NGram", "Kernels", "RNNModel", "RNNText", "RNNEvaluation",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "RNNInspectionTests", dependencies: ["RNNInspection", "RNNConversion", "RNNFormat", "RNNModel"],
      swiftSettings: settings),
    .target(name: "SandboxProbes", dependencies: ["CSandbox"], path: "Tests/SandboxProbes"),
    .testTarget(name: "SandboxTests", dependencies: ["CSandbox", "SandboxProbes"], swiftSettings: settings),
    .testTarget(name: "rnntoolTests", dependencies: ["RNNFormat"], swiftSettings: settings),
  ]
)

// What tools/bench-ngram times, until a command of rnntool does the same.
if Context.environment["RNNTOOL_BENCH"] != nil {
  package.targets.append(
    .executableTarget(
      name: "ngram-bench", dependencies: ["NGram", "RNNModel", "RNNText"], path: "Tests/NGramBenchmark",
      swiftSettings: settings))
}

if fuzzes {
  package.targets.append(
    .executableTarget(
      name: "fuzz", dependencies: ["HDF5", "RNNModel", "RNNFormat", "RNNConversion", "RNNText"],
      path: "Tests/FuzzTargets", swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
}
