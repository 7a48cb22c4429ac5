import Foundation
import HDF5
import Testing

@Suite struct ThreadTests {
  @Test func readsFromSeveralThreads() async throws {
    let scratch = try Scratch()
    let path = scratch.path()
    let values = (0..<10_000).map { Float($0) }
    let writing = try File(creating: path)
    try writing.root.createDataset("x", of: Float.self, shape: [10_000]).write(values)
    try writing.root.setAttribute("a", to: "text")
    try writing.close()
    let damaged = try scratch.file("damaged.h5", scratch.bytes(of: path).dropLast(100))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          for _ in 0..<20 {
            let file = try File(opening: path)
            let start = task * 100
            let block = try file.root.dataset("x").read(as: Float.self, start: [start], count: [100])
            #expect(block == Array(values[start..<start + 100]))
            #expect(try file.root.stringAttribute("a") == "text")
            #expect(rule { () throws(HDF5Error) in _ = try File(opening: damaged) } == .truncated)
            #expect(rule { () throws(HDF5Error) in _ = try file.root.dataset("y") } == .missing)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func sharesOneFileBetweenThreads() async throws {
    let scratch = try Scratch()
    let file = SharedFile(try File(creating: scratch.path()))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          let values = [Int32](repeating: Int32(task), count: 50)
          let dataset = try file.file.root.createDataset("\(task)", of: Int32.self, shape: [50])
          try dataset.write(values)
          #expect(try dataset.read(as: Int32.self) == values)
        }
      }
      try await group.waitForAll()
    }
    #expect(try file.file.objects().count == 17)
  }

  private final class SharedFile: Sendable {
    let file: File
    init(_ file: consuming File) { self.file = file }
  }

  @Test func printsNothingAfterAnErrorOnAnotherThread() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let scratch = try Scratch()
      let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
      let path = try scratch.file("damaged.h5", signature + [UInt8](repeating: 0xEE, count: 500))
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            let found = rule { () throws(HDF5Error) in _ = try File(opening: path) }
            precondition(found == .damaged)
          }
        }
      }
      let thread = Thread {
        let found = rule { () throws(HDF5Error) in _ = try File(opening: path) }
        precondition(found == .damaged)
      }
      thread.start()
      while !thread.isFinished { usleep(1000) }
    }
    let printed = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(!printed.contains("HDF5"), "\(printed)")
  }

  @Test func reportsAFailedWriteWithoutPrinting() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      let scratch = try Scratch()
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      precondition(setrlimit(limitOfFileSize, &limit) == 0)
      let found = rule { () throws(HDF5Error) in
        let file = try File(creating: scratch.path())
        let values = [UInt8](repeating: 1, count: 4 << 20)
        try file.root.createDataset("x", of: UInt8.self, shape: [values.count]).write(values)
        try file.close()
      }
      precondition(found == .writeFailed)
    }
    let printed = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(!printed.contains("HDF5"), "\(printed)")
  }
}

#if canImport(Glibc)
  private let limitOfFileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
#else
  private let limitOfFileSize = RLIMIT_FSIZE
#endif
