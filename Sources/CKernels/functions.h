// exp and its kin over vectors. The polynomials were fitted for these files at Chebyshev nodes; they are evaluated in a
// fixed order, so that a level always gives the same bits.

// Splits x = n log 2 + r with |r| <= log(2) / 2 and returns exp(r) - 1. n comes, as `whole` and as an integer, from a
// number so large that its unit in the last place is 1: adding it rounds, and no conversion can overflow, not even of
// a NaN.
INLINE vec reduced_expm1(vec x, vec *whole, vec_bits *n) {
#pragma clang fp contract(fast)
  const float large = 12582912.0f;  // 1.5 * 2^23
  const vec shifted = x * 1.442695041f + large;
  *whole = shifted - large;
  *n = bits_of(shifted) - bits_of((vec)large);
  // log 2 in two parts, the first with so few bits that its products are exact.
  const vec r = (x - *whole * 0.693145751953125f) - *whole * 1.42860682e-06f;
  const vec p = (((0.00139262131f * r + 0.00836320315f) * r + 0.0416665561f) * r + 0.166665763f) * r + 0.5f;
  return (r * r) * p + r;
}

// exp(x), relative error 2e-7; infinite above 88.72, denormal and then 0 below -87.3.
INLINE vec vector_exp(vec x) {
#pragma clang fp contract(fast)
  vec whole;
  vec_bits n;
  const vec p = 1.0f + reduced_expm1(at_most(at_least(x, -104.0f), 89.0f), &whole, &n);
  return times_power_of_two(p, whole, n);
}

// exp(x) - 1 for -30 <= x <= 40, accurate near 0; there 2^n = 1, and it is the reduced polynomial itself.
INLINE vec bounded_expm1(vec x) {
#pragma clang fp contract(fast)
  vec whole;
  vec_bits n;
  const vec q = reduced_expm1(x, &whole, &n);
  const vec power = from_bits((n + 127) << 23);
  return power * q + (power - 1.0f);
}

// log(1 + y) for 0 <= y <= 1: 2 artanh(s) with s = y / (2 + y) <= 1/3.
INLINE vec bounded_log1p(vec y) {
#pragma clang fp contract(fast)
  const vec s = y / (y + 2.0f);
  const vec z = s * s;
  const vec p = ((0.134257495f * z + 0.141183093f) * z + 0.200037807f) * z + 0.333333194f;
  return (s * z * p + s) * 2.0f;
}

// 1 / x for 1 <= x < 2^126, to the last place. Where there is an estimate of known precision, 2^-14, a Newton step
// makes a number of it in half the time of a division; of an infinity it makes NaN.
INLINE vec reciprocal(vec x) {
#if LANES == 16
#pragma clang fp contract(fast)
  const vec y = (vec)_mm512_rcp14_ps((__m512)x);
  return y + y * (1.0f - x * y);
#else
  return 1.0f / x;
#endif
}

// 0 below -86, where the reciprocal ends.
INLINE vec vector_sigmoid(vec x) {
  const vec y = reciprocal(1.0f + vector_exp(-x));
  return x < -86.0f ? (vec)0.0f : y;
}

// With e = exp(2|x|) - 1: e / (e + 2), as accurate near 0 as e is. From 2|x| = 40 on it is 1.
INLINE vec vector_tanh(vec x) {
  const vec e = bounded_expm1(at_most(__builtin_elementwise_abs(x) * 2.0f, 40.0f));
  return with_sign(e * reciprocal(e + 2.0f), x);
}

INLINE vec vector_softsign(vec x) {
  // Bounded, so that infinity does not end as infinity over infinity.
  const vec magnitude = at_most(__builtin_elementwise_abs(x), 1e30f);
  return with_sign(magnitude / (1.0f + magnitude), x);
}

INLINE vec vector_softplus(vec x) {
  return (x > 0.0f ? x : (vec)0.0f) + bounded_log1p(vector_exp(-__builtin_elementwise_abs(x)));
}

INLINE vec vector_elu(vec x) { return x > 0.0f ? x : bounded_expm1(at_least(at_most(x, 0.0f), -30.0f)); }

INLINE vec clip(vec x, float low, float high) { return at_most(at_least(x, low), high); }

// y(x) of an activation. Where `f` is a constant the switch is gone.
INLINE vec activation(kernels_activation f, vec x) {
#pragma clang fp contract(fast)
  switch (f) {
    case KERNELS_TANH: return vector_tanh(x);
    case KERNELS_SIGMOID: return vector_sigmoid(x);
    case KERNELS_HARD_SIGMOID: return clip(x * 0.2f + 0.5f, 0.0f, 1.0f);
    case KERNELS_HARD_SIGMOID_SIXTH: return clip(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f);
    case KERNELS_RELU: return at_least(x, 0.0f);
    case KERNELS_SOFTSIGN: return vector_softsign(x);
    case KERNELS_SOFTPLUS: return vector_softplus(x);
    case KERNELS_ELU: return vector_elu(x);
    case KERNELS_HARD_TANH: return clip(x, -1.0f, 1.0f);
    default: return x;
  }
}

// y'(x), expressed by y = y(x).
INLINE vec derivative(kernels_activation f, vec y) {
#pragma clang fp contract(fast)
  const vec zero = 0.0f, one = 1.0f;
  switch (f) {
    case KERNELS_TANH: return 1.0f - y * y;
    case KERNELS_SIGMOID: return y * (1.0f - y);
    case KERNELS_HARD_SIGMOID: return ((y > 0.0f) & (y < 1.0f)) ? (vec)0.2f : zero;
    case KERNELS_HARD_SIGMOID_SIXTH: return ((y > 0.0f) & (y < 1.0f)) ? (vec)(1.0f / 6.0f) : zero;
    case KERNELS_RELU: return y > 0.0f ? one : zero;
    case KERNELS_SOFTSIGN: {
      const vec rest = 1.0f - __builtin_elementwise_abs(y);
      return rest * rest;
    }
    case KERNELS_SOFTPLUS: return -bounded_expm1(at_least(-y, -30.0f));
    case KERNELS_ELU: return y > 0.0f ? one : y + 1.0f;
    case KERNELS_HARD_TANH: return ((y > -1.0f) & (y < 1.0f)) ? one : zero;
    default: return one;
  }
}
