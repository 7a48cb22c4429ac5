extension Network {
  /// Whether tokens come in through an embedding.
  public var hasEmbedding: Bool { embedding != nil }

  /// Multiplies each token's embedding in all windows from now on, until this is set again; a tied output is not concerned.
  ///
  /// With factors that are 0 or 1 / (1 - p) this is embedding dropout (Gal & Ghahramani 2016; Merity et al. 2018).
  ///
  /// - Parameter factors: one for each token; empty for none.
  /// - Precondition: there are as many as tokens, or none.
  public func setEmbeddingFactors(_ factors: [Float]) {
    precondition(factors.isEmpty || factors.count == architecture.size, "\(factors.count) factors for the embedding")
    embedding?.factors = factors
  }

  private var embedding: EmbeddingLayer? {
    for node in graph.nodes {
      if let layer = node.layer as? EmbeddingLayer { return layer }
    }
    return nil
  }
}
