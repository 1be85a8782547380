#include "simd.h"

// y[i, j] = (sum over k of x[i, k] * w[j, k]) * sx[i] * sw[j], the sum exact in
// int32, as kernels.MatMulI8. A panel of w holds 16 columns in groups of four
// k: one vector is 4 columns of 4 k.

// scaled stores 4 sums times the scales, the first n of them.
INLINE void scaled(float *y, v128_t sums, float sx, const float *sw, int n) {
  v128_t v = wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums), wasm_f32x4_splat(sx));
  if (n >= 4) {
    store(y, wasm_f32x4_mul(v, load(sw)));
    return;
  }
  if (n > 0) y[0] = wasm_f32x4_extract_lane(v, 0) * sw[0];
  if (n > 1) y[1] = wasm_f32x4_extract_lane(v, 1) * sw[1];
  if (n > 2) y[2] = wasm_f32x4_extract_lane(v, 2) * sw[2];
}

// A tile is ROWS rows by 4 columns. x has been widened to 16 bits. A product of
// 8 pairs gives each column's sum in two parts, which are added at the end.
#define STEP(ROWS, g)                                                          \
  {                                                                            \
    v128_t lo = wasm_i16x8_load8x8(w + 64 * (g)), hi = wasm_i16x8_load8x8(w + 64 * (g) + 8); \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {        \
      v128_t v = wasm_v128_load64_splat(x[r] + 4 * (g));                       \
      a[r] = wasm_i32x4_add(a[r], wasm_i32x4_dot_i16x8(v, lo));                \
      b[r] = wasm_i32x4_add(b[r], wasm_i32x4_dot_i16x8(v, hi));                \
    }                                                                          \
  }

#define TILE(ROWS)                                                             \
  static void tile##ROWS(float *y, int ldy, const int16_t *x0, int ldx,        \
                         const int8_t *w, int groups, const float *sx,         \
                         const float *sw, int n) {                             \
    v128_t a[ROWS], b[ROWS];                                                   \
    const int16_t *x[ROWS];                                                    \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {        \
      a[r] = b[r] = wasm_i32x4_const_splat(0);                                 \
      x[r] = x0 + r * ldx;                                                     \
    }                                                                          \
    for (; groups >= 8; groups -= 8) {                                         \
      STEP(ROWS, 0) STEP(ROWS, 1) STEP(ROWS, 2) STEP(ROWS, 3)                  \
      STEP(ROWS, 4) STEP(ROWS, 5) STEP(ROWS, 6) STEP(ROWS, 7)                  \
      w += 8 * 64;                                                             \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) x[r] += 32; \
    }                                                                          \
    _Pragma("clang loop unroll(disable)") for (; groups > 0; groups--) {       \
      STEP(ROWS, 0)                                                            \
      w += 64;                                                                 \
      _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) x[r] += 4; \
    }                                                                          \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {        \
      v128_t sums = wasm_i32x4_add(wasm_i32x4_shuffle(a[r], b[r], 0, 2, 4, 6), \
                                   wasm_i32x4_shuffle(a[r], b[r], 1, 3, 5, 7)); \
      scaled(y + r * ldy, sums, sx[r], sw, n);                                 \
    }                                                                          \
  }

TILE(6)
TILE(4)
TILE(2)
TILE(1)

// widen sets wide[i] = x[i] for n numbers, a multiple of 4.
static void widen(int16_t *wide, const int8_t *x, int n) {
  for (; n >= 32; n -= 32, x += 32, wide += 32) {
    store(wide, wasm_i16x8_load8x8(x));
    store(wide + 8, wasm_i16x8_load8x8(x + 8));
    store(wide + 16, wasm_i16x8_load8x8(x + 16));
    store(wide + 24, wasm_i16x8_load8x8(x + 24));
  }
  for (; n > 0; n -= 4, x += 4, wide += 4)
    wasm_v128_store64_lane(wide, wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(x)), 0);
}

#ifdef RELAXED
#include "relaxed.h"
#endif

// relaxed tells whether matmul_i8 uses relaxed SIMD.
int EXPORT(relaxed)(void) {
#ifdef RELAXED
  return dot_mode() != NEITHER;
#else
  return 0;
#endif
}

// matmul_i8 takes k rounded up to a multiple of 4; shift is -128 times the
// sum of each row of x, and wide is room for m rows of 16-bit numbers.
void EXPORT(matmul_i8)(float *y, int ldy, const int8_t *x, int ldx, int m, const int8_t *w, int n, int k,
                       const float *sx, const int32_t *shift, const float *sw, int16_t *wide) {
#ifdef RELAXED
  int mode = dot_mode();
  if (mode != NEITHER) {
    matmul_relaxed(y, ldy, x, ldx, m, w, n, k, sx, shift, sw, wasm_i8x16_splat(mode == UNSIGNED ? -128 : 0));
    return;
  }
#endif
  (void)shift;
  for (int i = 0; i < m; i++) widen(wide + i * k, x + i * ldx, k);
  for (int j = 0; j < n; j += 4) {
    const int8_t *columns = w + (j & ~15) * k + (j & 15) * 4;
    int i = 0, left = n - j;
#define TILED(ROWS) tile##ROWS(y + i * ldy + j, ldy, wide + i * k, k, columns, k / 4, sx + i, sw + j, left)
    for (; i + 6 <= m; i += 6) TILED(6);
    if (i + 4 <= m) TILED(4), i += 4;
    if (i + 2 <= m) TILED(2), i += 2;
    if (i < m) TILED(1);
#undef TILED
  }
}
