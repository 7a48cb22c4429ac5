/// The colours of all charts, for light and dark pages.
public enum PlotStyle {
  /// The number of colours for series; further series begin again.
  public static let colourCount = 8

  static let light = ["#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#0e7490", "#a16207", "#be185d", "#6b7280"]
  private static let dark = [
    "#6ea8fe", "#fb923c", "#4ade80", "#c084fc", "#22d3ee", "#facc15", "#f472b6", "#9ca3af",
  ]

  /// The style sheet. A page that shows many charts has it once; one with colours of its own sets the variables `--plot-1` to
  /// `--plot-8`, `--plot-ground` and the colour of `.plot` with a rule of higher weight.
  public static let css: String = {
    func variables(_ colours: [String]) -> String {
      colours.enumerated().map { "--plot-\($0.offset + 1):\($0.element)" }.joined(separator: ";")
    }
    let classes = (1...colourCount).map {
      ".plot .line\($0){stroke:var(--plot-\($0))}.plot .fill\($0){fill:var(--plot-\($0))}"
    }
    return """
      .plot{\(variables(light));--plot-ground:#ffffff;color:#1f2328;font-family:system-ui,sans-serif;font-size:12px}
      @media (prefers-color-scheme:dark){.plot{\(variables(dark));--plot-ground:#14181d;color:#e6edf3}}
      .plot text{fill:currentColor}.plot .axis{stroke:currentColor}.plot .ground{fill:var(--plot-ground)}
      \(classes.joined(separator: "\n"))
      """
  }()

  /// The class of a series' lines.
  static func lineClass(_ series: Int) -> String { "line\(series % colourCount + 1)" }
  /// The class of a series' areas and points.
  static func fillClass(_ series: Int) -> String { "fill\(series % colourCount + 1)" }
  /// The colour for programs that do not know variables.
  static func colour(_ series: Int) -> String { light[series % colourCount] }
}
