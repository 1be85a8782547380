#include "simd.h"

// The row kernels of package kernels, with the bits of plain Go: sums of a row
// run in four lanes, added (0+2) + (1+3), and what is left of a row goes to
// lanes 0, 1, 2.

INLINE float across(v128_t s) {
  return (wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 2)) +
         (wasm_f32x4_extract_lane(s, 1) + wasm_f32x4_extract_lane(s, 3));
}

// EACH runs BODY with at(p) = load and set(p, v) = store of 4 numbers at j, for
// j = 0, 4, ... and at the end for what is left.
#define EACH(n, BODY)                                                          \
  {                                                                            \
    int i = 0;                                                                 \
    for (; i + 64 <= n; i += 64) FOURS(BODY, 64)                               \
    if (i + 32 <= n) { FOURS(BODY, 32) i += 32; }                              \
    if (i + 16 <= n) { FOURS(BODY, 16) i += 16; }                              \
    if (i + 8 <= n) { FOURS(BODY, 8) i += 8; }                                 \
    if (i + 4 <= n) { BODY(load, set4, i) i += 4; }                            \
    if (i < n) BODY(load_some, set_some, i)                                    \
  }
#define FOURS(BODY, count)                                                     \
  UNROLL for (int u = 0; u < count; u += 4) BODY(load, set4, i + u)
#define set4(p, v) store(p, v)
#define load_some(p) some(p, n - i)
#define set_some(p, v) put(p, v, n - i)

void EXPORT(add)(float *y, const float *a, int n) {
#define BODY(at, set, j) { set(y + (j), wasm_f32x4_add(at(y + (j)), at(a + (j)))); }
  EACH(n, BODY)
#undef BODY
}

void EXPORT(add2)(float *y, const float *a, const float *b, int n) {
#define BODY(at, set, j) { set(y + (j), wasm_f32x4_add(at(y + (j)), wasm_f32x4_add(at(a + (j)), at(b + (j))))); }
  EACH(n, BODY)
#undef BODY
}

void EXPORT(scale)(float *y, float by, int n) {
  v128_t s = wasm_f32x4_splat(by);
#define BODY(at, set, j) { set(y + (j), wasm_f32x4_mul(at(y + (j)), s)); }
  EACH(n, BODY)
#undef BODY
}

// add_squares sets h += y and returns the sum of h^2.
float EXPORT(add_squares)(float *h, const float *y, int n) {
  v128_t s = wasm_f32x4_const_splat(0);
#define BODY(at, set, j)                                                       \
  {                                                                            \
    v128_t v = wasm_f32x4_add(at(h + (j)), at(y + (j)));                       \
    set(h + (j), v);                                                           \
    s = wasm_f32x4_add(s, wasm_f32x4_mul(v, v));                               \
  }
  EACH(n, BODY)
#undef BODY
  return across(s);
}

// mul_add sets y += w * x for rows of n numbers, w the same for all of them.
void EXPORT(mul_add)(float *y, const float *w, const float *x, int rows, int n) {
#define BODY(at, set, j) { set(y + (j), wasm_f32x4_add(at(y + (j)), wasm_f32x4_mul(at(w + (j)), at(x + (j))))); }
  for (; rows > 0; rows--, y += n, x += n) EACH(n, BODY)
#undef BODY
}

void EXPORT(rope)(float *lo, float *hi, const float *cos, const float *sin, int n) {
#define BODY(at, set, j)                                                       \
  {                                                                            \
    v128_t a = at(lo + (j)), b = at(hi + (j)), c = at(cos + (j)), s = at(sin + (j)); \
    set(lo + (j), wasm_f32x4_sub(wasm_f32x4_mul(a, c), wasm_f32x4_mul(b, s))); \
    set(hi + (j), wasm_f32x4_add(wasm_f32x4_mul(b, c), wasm_f32x4_mul(a, s))); \
  }
  EACH(n, BODY)
#undef BODY
}

// e^x, as in exp_generic.go. A NaN stays one: pmin and pmax return their first
// argument where neither is less.
INLINE v128_t exp4(v128_t x) {
  x = wasm_f32x4_pmax(x, wasm_f32x4_const_splat(-87.33654f));
  x = wasm_f32x4_pmin(x, wasm_f32x4_const_splat(88.02969f));
  v128_t n = wasm_f32x4_mul(x, wasm_f32x4_const_splat(1.44269504f));
  n = wasm_f32x4_floor(wasm_f32x4_add(n, wasm_f32x4_const_splat(0.5f)));
  v128_t r = wasm_f32x4_sub(x, wasm_f32x4_mul(n, wasm_f32x4_const_splat(0.693359375f)));
  r = wasm_f32x4_sub(r, wasm_f32x4_mul(n, wasm_f32x4_const_splat(-2.12194440e-4f)));
  v128_t p = wasm_f32x4_const_splat(1.9875691500e-4f);
#define HORNER(c) p = wasm_f32x4_add(wasm_f32x4_mul(p, r), wasm_f32x4_const_splat(c))
  HORNER(1.3981999507e-3f);
  HORNER(8.3334519073e-3f);
  HORNER(4.1665795894e-2f);
  HORNER(1.6666665459e-1f);
  HORNER(0.5f);
  p = wasm_f32x4_add(wasm_f32x4_mul(wasm_f32x4_mul(p, r), r), r);
  p = wasm_f32x4_add(p, wasm_f32x4_const_splat(1));
  // 1.5 * 2^23 + 127 leaves no place for a fraction, and n + 127 in the low bits.
  v128_t power = wasm_i32x4_shl(wasm_f32x4_add(n, wasm_f32x4_const_splat(0x1.8p23f + 127)), 23);
  return wasm_f32x4_mul(p, power);
}

// glu4 is gate / (1 + e^-gate) * up.
INLINE v128_t glu4(v128_t gate, v128_t up) {
  v128_t one = wasm_f32x4_const_splat(1);
  return wasm_f32x4_mul(wasm_f32x4_div(gate, wasm_f32x4_add(one, exp4(wasm_f32x4_neg(gate)))), up);
}

void EXPORT(swiglu)(float *act, const float *gate, const float *up, int n) {
#define BODY(at, set, j) { set(act + (j), glu4(at(gate + (j)), at(up + (j)))); }
  EACH(n, BODY)
#undef BODY
}

// swiglu_panels is swiglu for gates and ups that take turns, 16 of each, and a
// multiple of 16 numbers.
void EXPORT(swiglu_panels)(float *act, const float *gate_up, int n) {
#define SIXTEEN(at)                                                            \
  UNROLL for (int u = 0; u < 16; u += 4)                                       \
      store(act + 16 * (at) + u, glu4(load(gate_up + 32 * (at) + u), load(gate_up + 32 * (at) + 16 + u)));
  for (; n >= 64; n -= 64, act += 64, gate_up += 128) { S4(SIXTEEN, 0) }
  for (; n > 0; n -= 16, act += 16, gate_up += 32) { S1(SIXTEEN, 0) }
#undef SIXTEEN
}

// scale_max sets s = s*by + bias, without bias where that is null, and returns
// the largest.
float EXPORT(scale_max)(float *s, const float *bias, float by, int n) {
  const v128_t least = wasm_f32x4_const_splat(-__builtin_inff());
  v128_t top = least, factor = wasm_f32x4_splat(by);
#define LARGEST(at, set, j, v)                                                 \
  {                                                                            \
    v128_t x = v;                                                              \
    set(s + (j), x);                                                           \
    top = wasm_f32x4_pmax(top, x);                                             \
  }
#define BODY(at, set, j) LARGEST(at, set, j, wasm_f32x4_mul(at(s + (j)), factor))
#define BIASED(at, set, j) LARGEST(at, set, j, wasm_f32x4_add(wasm_f32x4_mul(at(s + (j)), factor), at(bias + (j))))
  int whole = n & ~3, left = n & 3;
  if (bias) {
    EACH(whole, BIASED)
  } else {
    EACH(whole, BODY)
  }
  float best = wasm_f32x4_extract_lane(top, 0);
  for (int k = 1; k < 4; k++) {
    top = wasm_i32x4_shuffle(top, top, 1, 2, 3, 0);
    float v = wasm_f32x4_extract_lane(top, 0);
    best = best < v ? v : best;
  }
  for (int k = n - left; k < n; k++) {
    s[k] *= by;
    if (bias) s[k] += bias[k];
    best = best < s[k] ? s[k] : best;
  }
  return best;
#undef BODY
}

// exp_sum sets s = e^(s - top) and returns the sum.
float EXPORT(exp_sum)(float *s, float top, int n) {
  v128_t sum = wasm_f32x4_const_splat(0), t = wasm_f32x4_splat(top);
#define BODY(at, set, j)                                                       \
  {                                                                            \
    set(s + (j), exp4(wasm_f32x4_sub(at(s + (j)), t)));                        \
    sum = wasm_f32x4_add(sum, at(s + (j)));                                    \
  }
  EACH(n, BODY)
#undef BODY
  return across(sum);
}

// max_abs returns the bits of the largest absolute value: as integers NaN is
// above infinity and infinity above the numbers.
uint32_t EXPORT(max_abs)(const float *row, int n) {
  const v128_t magnitude = wasm_i32x4_const_splat(0x7fffffff);
  v128_t top = wasm_i32x4_const_splat(0);
#define BODY(at, set, j) { top = wasm_i32x4_max(top, wasm_v128_and(at(row + (j)), magnitude)); }
  EACH(n, BODY)
#undef BODY
  top = wasm_i32x4_max(top, wasm_i32x4_shuffle(top, top, 2, 3, 0, 1));
  top = wasm_i32x4_max(top, wasm_i32x4_shuffle(top, top, 1, 0, 3, 2));
  return wasm_i32x4_extract_lane(top, 0);
}

// round_row sets q = row*inverse, rounded half to even, for a multiple of 16
// numbers, and returns the sum of q.
int32_t EXPORT(round_row)(int8_t *q, const float *row, float inverse, int n) {
  const v128_t magic = wasm_f32x4_const_splat(0x1.8p23f), base = wasm_i32x4_const_splat(0x4b400000);
  v128_t by = wasm_f32x4_splat(inverse), sum = wasm_i32x4_const_splat(0);
#define ROUND(p) wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_mul(load(p), by), magic), base)
#define SIXTEEN(at)                                                            \
  {                                                                            \
    const float *r = row + 16 * (at);                                          \
    v128_t a = ROUND(r), b = ROUND(r + 4), c = ROUND(r + 8), d = ROUND(r + 12); \
    sum = wasm_i32x4_add(sum, wasm_i32x4_add(wasm_i32x4_add(a, b), wasm_i32x4_add(c, d))); \
    store(q + 16 * (at), wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d))); \
  }
  for (; n >= 128; n -= 128, row += 128, q += 128) { S8(SIXTEEN, 0) }
  for (; n > 0; n -= 16, row += 16, q += 16) { S1(SIXTEEN, 0) }
  sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1);
}

// set_row sets out[16*i] = row[i]: a row of a matrix among the columns of a panel.
void EXPORT(set_row)(float *out, const float *row, int n) {
#define SET(i) out[16 * (i)] = row[i];
  for (; n >= 32; n -= 32, row += 32, out += 32 * 16) { S32(SET, 0) }
  for (; n > 0; n--, row++, out += 16) { S1(SET, 0) }
}
