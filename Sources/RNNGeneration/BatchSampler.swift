import Kernels
import RNNModel

/// Writes many texts side by side.
///
/// Text k is the one that ``Sampler`` writes with the seed of text k, whatever the number of streams.
public struct BatchSampler: Sendable {
  /// What the tokens are drawn by.
  public let chain: DecodingChain
  /// The seed of the first text.
  public let seed: UInt64
  /// Whether each draw says the entropy of the model's distribution.
  public var measuresEntropy = false

  /// Prepares a sampler.
  public init(chain: DecodingChain, seed: UInt64) { (self.chain, self.seed) = (chain, seed) }

  /// A text that is being written.
  private struct Slot {
    let text: Int
    var chain: DecodingChain
    var context: DecodingContext
    /// ln p of the next token, until the text has been read by the stream.
    var start: [Float]
    var result: Result<Sampler.Draw?, Sampler.NotFinite> = .success(nil)
  }

  /// Draws texts.
  ///
  /// A stream whose text has ended goes on with the next one.
  ///
  /// - Parameters:
  ///   - count: how many tokens each text has at most.
  ///   - prompts: what is read before each text; as many as there are texts.
  ///   - model: with any number of streams.
  ///   - reader: the same model with one stream, which reads the prompts.
  ///   - frequencies: how often each token occurred in the training text.
  ///   - body: called with the number of the text and each token as it is drawn; returns whether that text goes on.
  /// - Throws: ``Sampler/NotFinite``, or what `body` throws.
  public func sample(
    _ count: Int, after prompts: [[Int32]], from model: some BranchingLanguageModel,
    reader: some BranchingLanguageModel, frequencies: [UInt64]? = nil, _ body: (Int, Sampler.Draw) throws -> Bool
  ) throws {
    guard count > 0 else { return }
    var slots = [Slot?](repeating: nil, count: model.streams)
    var next = 0
    var read: (prompt: [Int32], memory: TextMemory, logProbabilities: [Float])?
    var logProbabilities = [Float](repeating: 0, count: model.streams * model.size)
    var tokens = [Int32](repeating: 0, count: model.streams)
    model.reset()
    while true {
      for stream in slots.indices where slots[stream] == nil && next < prompts.count {
        let prompt = prompts[next]
        if read?.prompt != prompt {
          let first = reader.read(prompt, frequencies: frequencies)
          read = (prompt, reader.memory(of: 0), first)
        }
        guard let read else { continue }
        model.setMemory(read.memory, of: stream)
        slots[stream] = Slot(
          text: next, chain: chain,
          context: DecodingContext(prompt: prompt, seed: Sampler.seed(seed, ofText: UInt64(next))),
          start: read.logProbabilities)
        next += 1
      }
      guard slots.contains(where: { $0 != nil }) else { return }
      draw(&slots, logProbabilities, size: model.size)
      for stream in slots.indices {
        guard let slot = slots[stream] else { continue }
        guard let draw = try slot.result.get(), try body(slot.text, draw), slot.context.drawn < count else {
          slots[stream] = nil
          continue
        }
        tokens[stream] = draw.token
      }
      if slots.contains(where: { $0 != nil }) { model.advance(tokens, into: &logProbabilities) }
    }
  }

  /// Draws the next token of each text; with a large vocabulary all threads take part.
  private func draw(_ slots: inout [Slot?], _ logProbabilities: [Float], size: Int) {
    func draw(_ slot: inout Slot?, _ stream: Int) {
      guard slot != nil else { return }
      do throws(Sampler.NotFinite) {
        let row =
          slot?.start.isEmpty == false
          ? slot?.start[...] : logProbabilities[(stream * size)..<((stream + 1) * size)]
        slot?.start = []
        guard var taken = slot, let row else { return }
        slot = nil
        defer { slot = taken }
        taken.result = .success(
          try Sampler.draw(row, &taken.chain, &taken.context, measuresEntropy: measuresEntropy))
      } catch {
        slot?.result = .failure(error)
      }
    }
    guard slots.count * size >= 1 << 14 else {
      for stream in slots.indices { draw(&slots[stream], stream) }
      return
    }
    // Safe: each member changes the slots of its own share, and reads what nobody changes.
    unsafe slots.withUnsafeMutableBufferPointer { slots in
      nonisolated(unsafe) let slots = unsafe slots
      nonisolated(unsafe) let draw = draw
      ThreadTeam.run { member in
        for stream in member.range(of: unsafe slots.count) { draw(&(unsafe slots[stream]), stream) }
      }
    }
  }
}
