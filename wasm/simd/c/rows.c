#include "simd.h"

// The row kernels of package kernels, with the bits of plain Go: sums of a row
// run in four lanes, added (0+2) + (1+3), and what is left of a row goes to
// lanes 0, 1, 2.

INLINE float across(v128_t s) {
  return (wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 2)) +
         (wasm_f32x4_extract_lane(s, 1) + wasm_f32x4_extract_lane(s, 3));
}

// EACH runs BODY with at(p) = load and set(p, v) = store of 4 numbers at i, four
// times a turn, and at the end for what is left.
#define EACH(n, BODY)                                                          \
  {                                                                            \
    int i = 0;                                                                 \
    for (; i + 16 <= n; i += 16) {                                             \
      UNROLL for (int u = 0; u < 16; u += 4) BODY(load, set4, i + u) \
    }                                                                          \
    for (; i + 4 <= n; i += 4) BODY(load, set4, i)                             \
    if (i < n) BODY(load_some, set_some, i)                                    \
  }
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

// swiglu sets act = gate / (1 + e^-gate) * up.
void EXPORT(swiglu)(float *act, const float *gate, const float *up, int n) {
  const v128_t one = wasm_f32x4_const_splat(1);
#define BODY(at, set, j)                                                       \
  {                                                                            \
    v128_t g = at(gate + (j));                                                 \
    v128_t s = wasm_f32x4_div(g, wasm_f32x4_add(one, exp4(wasm_f32x4_neg(g)))); \
    set(act + (j), wasm_f32x4_mul(s, at(up + (j))));                           \
  }
  EACH(n, BODY)
#undef BODY
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
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    v128_t a = exp4(wasm_f32x4_sub(load(s + i), t)), b = exp4(wasm_f32x4_sub(load(s + i + 4), t));
    store(s + i, a);
    store(s + i + 4, b);
    sum = wasm_f32x4_add(wasm_f32x4_add(sum, a), b);
  }
  if (i + 4 <= n) {
    v128_t a = exp4(wasm_f32x4_sub(load(s + i), t));
    store(s + i, a);
    sum = wasm_f32x4_add(sum, a);
    i += 4;
  }
  if (i < n) {
    v128_t a = exp4(wasm_f32x4_sub(some(s + i, n - i), t));
    put(s + i, a, n - i);
    sum = wasm_f32x4_add(sum, some(s + i, n - i));
  }
  return across(sum);
}

// max_abs returns the bits of the largest absolute value: as integers NaN is
// above infinity and infinity above the numbers.
uint32_t EXPORT(max_abs)(const float *row, int n) {
  const v128_t magnitude = wasm_i32x4_const_splat(0x7fffffff);
  v128_t top = wasm_i32x4_const_splat(0);
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    v128_t a = wasm_i32x4_max(wasm_v128_and(load(row + i), magnitude), wasm_v128_and(load(row + i + 4), magnitude));
    v128_t b = wasm_i32x4_max(wasm_v128_and(load(row + i + 8), magnitude), wasm_v128_and(load(row + i + 12), magnitude));
    top = wasm_i32x4_max(top, wasm_i32x4_max(a, b));
  }
  for (; i + 4 <= n; i += 4) top = wasm_i32x4_max(top, wasm_v128_and(load(row + i), magnitude));
  if (i < n) top = wasm_i32x4_max(top, wasm_v128_and(some(row + i, n - i), magnitude));
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
  for (; n >= 16; n -= 16, row += 16, q += 16) {
    v128_t a = ROUND(row), b = ROUND(row + 4), c = ROUND(row + 8), d = ROUND(row + 12);
    sum = wasm_i32x4_add(sum, wasm_i32x4_add(wasm_i32x4_add(a, b), wasm_i32x4_add(c, d)));
    store(q, wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d)));
  }
  sum = wasm_i32x4_add(sum, wasm_i32x4_shuffle(sum, sum, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1);
}

// set_row sets out[16*i] = row[i]: a row of a matrix among the columns of a panel.
void EXPORT(set_row)(float *out, const float *row, int n) {
  for (; n >= 8; n -= 8, row += 8, out += 8 * 16) {
    UNROLL for (int u = 0; u < 8; u++) out[16 * u] = row[u];
  }
  for (; n > 0; n--, row++, out += 16) *out = *row;
}
