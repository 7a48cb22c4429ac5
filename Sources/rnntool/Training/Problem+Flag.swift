import RNNTraining

extension TrainingPlan.Problem {
  /// One sentence about the flag that the number comes from.
  var usage: String { "\(Self.flags[key] ?? key) \(what)." }

  /// The flags by the numbers of the plan, of the initialisation and of reservoirs that they set.
  private static let flags = [
    "epochs": "--epochs", "maximum_steps": "--steps", "maximum_seconds": "--minutes", "batch": "--batch",
    "length": "--length", "update_interval": "--update-every", "learning_rate": "--learning-rate",
    "weight_decay": "--weight-decay", "clipping.norm": "--clip", "clipping.value": "--clip-value",
    "validation.interval": "--validate-every", "recovery.attempts": "--recover",
    "optimizer.momentum": "--momentum", "optimizer.nesterov": "--nesterov", "optimizer.alpha": "--alpha",
    "optimizer.epsilon": "--epsilon", "optimizer.beta1": "--beta1", "optimizer.beta2": "--beta2",
    "optimizer.non_monotone": "--non-monotone", "schedule.warm_up": "--warm-up", "schedule.every": "--decay-every",
    "schedule.factor": "--decay", "schedule.from": "--decay-from", "schedule.final": "--final-rate",
    "schedule.patience": "--patience", "regularisation.embedding_dropout": "--embedding-dropout",
    "regularisation.weight_drop": "--weight-drop", "regularisation.activation_penalty": "--activation-penalty",
    "regularisation.temporal_penalty": "--temporal-penalty", "random_lengths.minimum": "--random-lengths: the minimum",
    "random_lengths.deviation": "--random-lengths: the deviation",
    "initialisation.input_weights": "--initial-range", "initialisation.forget_bias": "--forget-bias",
    "reservoir.spectral_radius": "--spectral-radius", "reservoir.connectivity": "--connectivity",
    "reservoir.input_scaling": "--input-scaling",
  ]
}
