/// exp and log from the four operations and bit patterns only, which IEEE 754 defines to the last bit: the same numbers on
/// every machine, whatever its mathematical library. Relative errors stay below 1e-15.
///
/// All that decides which token is drawn goes through these.
enum PortableMath {
  private static let inverseLog2 = 0x1.71547652b82fep0
  /// log 2 in two parts, the first with so few bits that its products with exponents are exact.
  private static let log2High = 0x1.62e42feep-1
  private static let log2Low = 0x1.a39ef35793c76p-33
  /// Adding it rounds to a whole number, which then is in the last bits.
  private static let rounder = 0x1.8p52

  /// e^x; 0 below -708, infinite above 709.
  static func exp(_ x: Double) -> Double {
    guard x <= 709 else { return x.isNaN ? x : .infinity }
    return exp(SIMD2(x, x))[0]
  }

  /// e^x of each lane up to 709; 0 below -708.
  @inline(__always)
  static func exp(_ x: SIMD2<Double>) -> SIMD2<Double> {
    typealias V = SIMD2<Double>
    let clamped = x.clamped(lowerBound: V(repeating: -708), upperBound: V(repeating: 709))
    let shifted = clamped * inverseLog2 + rounder
    let whole = shifted - rounder
    let r = (clamped - whole * log2High) - whole * log2Low
    // The Taylor series: |r| <= log(2) / 2.
    var p = V(repeating: 1.0 / 6_227_020_800)
    p = p * r + 1.0 / 479_001_600
    p = p * r + 1.0 / 39_916_800
    p = p * r + 1.0 / 3_628_800
    p = p * r + 1.0 / 362_880
    p = p * r + 1.0 / 40_320
    p = p * r + 1.0 / 5_040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * (r * r) + r + 1
    // 2^n, from the low bits of the shifted number.
    let bits = unsafeBitCast(shifted, to: SIMD2<UInt64>.self) &+ 1023
    let power = unsafeBitCast(bits &<< 52, to: V.self)
    return (p * power).replacing(with: 0, where: x .< -708)
  }

  /// The natural logarithm; minus infinity of 0, NaN of negative numbers.
  static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? .infinity : .nan }
    guard x >= Double.leastNormalMagnitude else { return log(x * 0x1p54) - 54 * (log2High + log2Low) }
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 0x1.6a09e667f3bcdp0 {
      m *= 0.5
      exponent += 1
    }
    // 2 artanh(s), |s| < 0.172.
    let s = (m - 1) / (m + 1)
    let z = s * s
    var p = 1.0 / 25
    for denominator in stride(from: 23.0, through: 3, by: -2) { p = p * z + 1 / denominator }
    return exponent * log2High + (2 * s + (2 * s * z * p + exponent * log2Low))
  }

  /// log(1 + x), accurate near 0.
  static func log1p(_ x: Double) -> Double {
    let u = 1 + x
    return u == 1 ? x : log(u) * x / (u - 1)
  }

  /// e^x - 1, accurate near 0.
  static func expm1(_ x: Double) -> Double {
    let u = exp(x)
    if u == 1 { return x }
    return u - 1 == -1 || u == .infinity ? u - 1 : (u - 1) * x / log(u)
  }

  /// log(1 - e^x) of a negative number.
  static func log1mexp(_ x: Double) -> Double {
    x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x))
  }

  /// x^y of a positive number.
  static func pow(_ x: Double, _ y: Double) -> Double { y == 1 ? x : exp(y * log(x)) }
}
