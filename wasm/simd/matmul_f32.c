#include "simd.h"

// Tiles of y[i, j] = sum over k of x[i, k] * w[j, k] for ROWS rows and 8 columns,
// half of a panel of 16. Each sum runs over ascending k in one lane, product
// and sum rounded apart: the bits of plain Go.

// step adds one k. w points at 8 of the 16 columns, x at one number of a row.
#define STEP(ROWS, k)                                                          \
  {                                                                            \
    v128_t lo = load(w + 16 * (k)), hi = load(w + 16 * (k) + 4);               \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {        \
      v128_t v = wasm_v128_load32_splat(x[r] + (k));                           \
      a[r] = wasm_f32x4_add(a[r], wasm_f32x4_mul(v, lo));                      \
      b[r] = wasm_f32x4_add(b[r], wasm_f32x4_mul(v, hi));                      \
    }                                                                          \
  }

// put stores the first n of 8 numbers.
INLINE void put(float *y, v128_t lo, v128_t hi, int n) {
  if (n >= 8) {
    store(y, lo);
    store(y + 4, hi);
    return;
  }
  if (n >= 4) {
    store(y, lo);
    y += 4, n -= 4, lo = hi;
  }
  if (n > 0) wasm_v128_store32_lane(y, lo, 0);
  if (n > 1) wasm_v128_store32_lane(y + 1, lo, 1);
  if (n > 2) wasm_v128_store32_lane(y + 2, lo, 2);
}

#define TILE(ROWS)                                                             \
  static void tile##ROWS(float *y, int ldy, const float *x0, int ldx,          \
                         const float *w, int k, int n) {                       \
    v128_t a[ROWS], b[ROWS];                                                   \
    const float *x[ROWS];                                                      \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {        \
      a[r] = b[r] = wasm_f32x4_const_splat(0);                                 \
      x[r] = x0 + r * ldx;                                                     \
    }                                                                          \
    for (; k >= 8; k -= 8) {                                                   \
      STEP(ROWS, 0) STEP(ROWS, 1) STEP(ROWS, 2) STEP(ROWS, 3)                  \
      STEP(ROWS, 4) STEP(ROWS, 5) STEP(ROWS, 6) STEP(ROWS, 7)                  \
      w += 8 * 16;                                                             \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) x[r] += 8; \
    }                                                                          \
    _Pragma("clang loop unroll(disable)") for (; k > 0; k--) {                 \
      STEP(ROWS, 0)                                                            \
      w += 16;                                                                 \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) x[r] += 1; \
    }                                                                          \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++)          \
        put(y + r * ldy, a[r], b[r], n);                                       \
  }

TILE(6)
TILE(4)
TILE(2)
TILE(1)

// matmul_f32 sets y [m, n] for a matrix w [n, k] in panels of 16 rows, as
// kernels.MatMulT. All rows run over half a panel before the next.
void EXPORT(matmul_f32)(float *y, int ldy, const float *x, int ldx, int m, const float *w, int n, int k) {
  for (int j = 0; j < n; j += 8) {
    const float *half = w + (j & ~15) * k + (j & 8);
    int i = 0, left = n - j;
    for (; i + 6 <= m; i += 6) tile6(y + i * ldy + j, ldy, x + i * ldx, ldx, half, k, left);
    if (i + 4 <= m) tile4(y + i * ldy + j, ldy, x + i * ldx, ldx, half, k, left), i += 4;
    if (i + 2 <= m) tile2(y + i * ldy + j, ldy, x + i * ldx, ldx, half, k, left), i += 2;
    if (i < m) tile1(y + i * ldy + j, ldy, x + i * ldx, ldx, half, k, left);
  }
}

// decode_f16 sets out[i] to the float32 of in[i]: the fraction and exponent
// shifted into place and scaled by 2^112, which is right for subnormal numbers
// too; the largest exponent is infinity or NaN.
void EXPORT(decode_f16)(float *out, const uint16_t *in, int n) {
  const v128_t magnitude = wasm_i32x4_const_splat(0x7fff), inf = wasm_i32x4_const_splat(0x7c00 << 13);
  const v128_t scale = wasm_f32x4_const_splat(0x1p112f);
  for (; n >= 4; n -= 4, in += 4, out += 4) {
    v128_t h = wasm_u32x4_load16x4(in);
    v128_t bits = wasm_i32x4_shl(wasm_v128_and(h, magnitude), 13);
    v128_t special = wasm_v128_and(wasm_i32x4_ge(bits, inf), wasm_i32x4_const_splat(0x7f800000));
    v128_t sign = wasm_i32x4_shl(wasm_v128_andnot(h, magnitude), 16);
    store(out, wasm_v128_or(wasm_v128_or(wasm_f32x4_mul(bits, scale), special), sign));
  }
}
