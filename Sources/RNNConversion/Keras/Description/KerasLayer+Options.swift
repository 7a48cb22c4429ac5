import Kernels
import RNNFormat

extension KerasLayer {
  /// What a layer of a configuration computes.
  ///
  /// - Parameters:
  ///   - className: its class.
  ///   - options: its options, which are all asked for or refused.
  ///   - remarks: gets what has to be said about it.
  static func kind(
    _ className: String, _ options: inout KerasOptions, _ remarks: inout [Remark]
  ) throws -> Kind {
    let kind = try simpleKind(className, &options, &remarks) ?? compositeKind(className, &options, &remarks)
    guard let kind else {
      throw options.malformed("layers of class '\(className)' are not known, so the model cannot be computed")
    }
    try options.checkAllKnown()
    return kind
  }

  private static func simpleKind(
    _ className: String, _ options: inout KerasOptions, _ remarks: inout [Remark]
  ) throws -> Kind? {
    switch className {
    case "InputLayer":
      try options.require("sparse", false, because: "sparse inputs are not read")
      try options.require("ragged", false, because: "ragged inputs are not read")
      try options.require("optional", false, because: "there is only one input")
      guard let shape = try options.shape("batch_input_shape", "batch_shape") else { return .input(shape: []) }
      return .input(shape: Array(shape.dropFirst()))
    case "Embedding":
      if try options.truth("mask_zero", absent: false) { remarks.append(.skipsSteps("with token 0")) }
      if let rate = try options.number("dropout"), rate > 0 { remarks.append(.training("dropout of tokens \(rate)")) }
      try options.require("sparse", false, because: "sparse outputs are not computed")
      return .embedding(tokens: try options.count("input_dim"), width: try options.count("output_dim"))
    case "Dense", "TimeDistributedDense":
      return .dense(
        units: try options.count("units", "output_dim"), activation: try options.activation("activation"),
        bias: try options.truth("use_bias", "bias", absent: true))
    case "Activation": return .activation(try options.activation("activation"))
    case "Softmax":
      if try options.integer("axis") == 1 { return .shares }
      try options.require("axis", -1, because: "only the last axis is that of the outputs")
      return .activation(.softmax)
    case "Dot":
      try options.require("axes", 1, [1, 1], because: "only products over the steps are known, as attention has them")
      try options.require("normalize", false, because: "attention does not normalise what it takes")
      return .weightedSum
    case "Flatten":
      try options.require("data_format", "channels_last", because: "the units come last")
      return .flattened
    case "ReLU":
      try options.require("max_value", because: "units without a limit are the only ones here")
      try options.require("negative_slope", 0, because: "units that leak are not among the activations here")
      try options.require("threshold", 0, because: "units without a threshold are the only ones here")
      return .activation(.function(.relu))
    case "Dropout", "SpatialDropout1D":
      try options.require("noise_shape", because: "a mask of another shape has no name here")
      let rate = try options.number("rate", "p") ?? 0
      guard rate >= 0, rate < 1 else { throw options.malformed("its rate \(rate) is not in 0 ..< 1") }
      return .dropout(rate: rate, locked: className == "SpatialDropout1D")
    case "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization":
      for name in ["rate", "p", "stddev", "sigma", "l1", "l2"] { _ = options.value([name]) }
      try options.require("noise_shape", because: "a mask of another shape has no name here")
      remarks.append(.training(className))
      return .identity
    case "Masking":
      remarks.append(.skipsSteps("whose values are all \(try options.number("mask_value") ?? 0)"))
      return .identity
    default: return nil
    }
  }

  private static func compositeKind(
    _ className: String, _ options: inout KerasOptions, _ remarks: inout [Remark]
  ) throws -> Kind? {
    switch className {
    case _ where KerasRecurrent.classes.contains(className):
      return .recurrent(try KerasRecurrent(className, &options, &remarks))
    case "RNN": return .recurrent(try KerasRecurrent(ofCells: &options, &remarks))
    case "Bidirectional": return try bidirectional(&options, &remarks)
    case "TimeDistributed":
      let (inner, name) = try wrapped("layer", &options)
      var own = inner
      let kind = try kind(name, &own, &remarks)
      switch kind {
      case .dense, .activation, .dropout, .layerNormalization, .identity: return kind
      default: throw options.malformed("each step of it goes through a '\(name)', which does not take single steps")
      }
    case "Concatenate":
      let axis = try options.integer("axis") ?? -1
      guard [-1, 2].contains(axis) else { throw options.malformed("it joins along axis \(axis), not along the units") }
      return .concatenation
    case "Add": return .sum
    case "Merge": return try merge(&options)
    case "LayerNormalization":
      let axes = options.value(["axis"])
      guard [nil, -1, 2, [-1], [2]].contains(axes) else {
        throw options.malformed("it normalises along \(axes?.canonical ?? "no axis"), not over the units of a step")
      }
      try options.require("rms_scaling", false, because: "normalising without the mean is not among the layers here")
      return .layerNormalization(
        epsilon: try options.number("epsilon") ?? 1e-3, scale: try options.truth("scale", absent: true),
        center: try options.truth("center", absent: true))
    case "AttentionWeightedAverage":
      try options.require("return_attention", false, because: "the weights of the attention are no output here")
      return .attention
    default: return nil
    }
  }

  /// The options of the layer that a wrapper wraps, and its class.
  private static func wrapped(_ name: String, _ options: inout KerasOptions) throws -> (KerasOptions, String) {
    guard let value = options.value([name]), let className = value["class_name"]?.string else {
      throw options.malformed("it names no '\(name)'")
    }
    return (
      try KerasOptions(value["config"], file: options.file, place: options.place, version: options.version), className
    )
  }

  private static func recurrent(_ name: String, _ options: inout KerasOptions, _ remarks: inout [Remark]) throws
    -> KerasRecurrent
  {
    var (own, className) = try wrapped(name, &options)
    guard case .recurrent(let layer) = try kind(className, &own, &remarks) else {
      throw options.malformed("'\(className)' does not read a sequence in two directions")
    }
    return layer
  }

  private static func bidirectional(_ options: inout KerasOptions, _ remarks: inout [Remark]) throws -> Kind {
    var ignored: [Remark] = []
    let forward = try recurrent("layer", &options, &remarks)
    let backward = options.value(["backward_layer"]) == nil ? nil : try recurrent("backward_layer", &options, &ignored)
    guard let merge = Merge(rawValue: try options.text("merge_mode") ?? "none") else {
      throw options.malformed("its two directions are not joined into one output")
    }
    // Its own copy of what the wrapped layer says.
    for name in ["return_sequences", "go_backwards", "stateful", "return_state"] { _ = options.value([name]) }
    if let backward {
      let same =
        backward.returnsSequences == forward.returnsSequences && backward.goesBackwards != forward.goesBackwards
      guard same else { throw options.malformed("its two layers do not read in opposite directions") }
    }
    return .bidirectional(
      forward: forward,
      backward: backward
        ?? KerasRecurrent(
          cells: forward.cells, returnsSequences: forward.returnsSequences, goesBackwards: !forward.goesBackwards,
          isStateful: forward.isStateful),
      merge: merge)
  }

  /// The one layer of Keras 1 that joins others, in each of its ways.
  private static func merge(_ options: inout KerasOptions) throws -> Kind {
    let axis = try options.integer("concat_axis") ?? -1
    for name in [
      "dot_axes", "mode_type", "output_shape", "output_shape_type", "output_mask", "output_mask_type", "arguments",
      "layers",
    ] {
      _ = options.value([name])
    }
    switch try options.text("mode") {
    case "concat":
      guard [-1, 2].contains(axis) else { throw options.malformed("it joins along axis \(axis), not along the units") }
      return .concatenation
    case "sum": return .sum
    case let mode: throw options.malformed("layers joined by '\(mode ?? "nothing")' are not known")
    }
  }
}
