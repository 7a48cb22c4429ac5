#if os(Linux)
  import Foundation
  import Testing

  /// What people see who sit at a terminal.
  @Suite(.enabled(if: Program.path != nil, "there is no rnntool: set RNNTOOL to its path"))
  struct TerminalTests {
    /// All that the program draws on a terminal of so many columns, line by line as it is redrawn.
    private func lines(columns: UInt16, _ arguments: [String]) throws -> [String] {
      let leader = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      var (number, isLocked): (Int32, Int32) = (0, 0)
      // Linux's TIOCGPTN and TIOCSPTLCK: which terminal it is, and that others may open it.
      var isReady = leader >= 0 && ioctl(leader, 0x8004_5430, &number) == 0
      isReady = isReady && ioctl(leader, 0x4004_5431, &isLocked) == 0
      let follower = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
      isReady = isReady && follower >= 0 && ioctl(leader, UInt(TIOCSWINSZ), &size) == 0
      try #require(isReady)
      let process = Process()
      process.executableURL = URL(filePath: Program.path ?? "")
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(["TERM": "xterm"], uniquingKeysWith: { $1 })
      process.standardError = FileHandle(fileDescriptor: follower)
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      close(follower)
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 4096)
      // The end of the program ends the reading.
      while true {
        let count = read(leader, &buffer, buffer.count)
        if count <= 0 { break }
        bytes += buffer[..<count]
      }
      close(leader)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return String(decoding: bytes, as: UTF8.self).split { $0.isNewline }.map {
        String($0).replacing("\u{1B}[2K", with: "")
      }
    }

    private func train(columns: UInt16) throws -> [String] {
      let scratch = try Scratch()
      let text = try scratch.file("text", Samples.text)
      return try lines(
        columns: columns,
        [
          "train", text, "-o", scratch.path("m.h5"), "--hidden", "16", "--batch", "4", "--length", "16", "--steps",
          "4000", "--validate-every", "100",
        ]
      ).filter { $0.contains(" tok/s") }
    }

    @Test func eightyColumnsHoldWhatMatters() throws {
      let lines = try train(columns: 80)
      let late = try #require(lines.last)
      for word in ["%", " left", "loss ", "rate ", "norm ", " tok/s"] { #expect(late.contains(word), "\(late)") }
      #expect(lines.allSatisfy { $0.count < 80 })
    }

    @Test func aWideTerminalHasABarToo() throws {
      let lines = try train(columns: 200)
      // How often it is drawn depends on how busy the machine is.
      let late = try #require(lines.last { $0.contains("valid ") && $0.contains("█") })
      for word in ["epoch ", "bits)", " left", " tok/s"] { #expect(late.contains(word), "\(late)") }
      #expect(lines.allSatisfy { $0.count < 200 })
    }
  }
#endif
