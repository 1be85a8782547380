#include "simd.h"

// y[i, j] = sum over k of x[i, k] * w[j, k], as kernels.MatMulT. Each sum runs
// over ascending k in one lane, product and sum rounded apart: the bits of
// plain Go.

// A tile adds up to 32 k for ROWS rows and 8 columns, half of a panel of 16. The
// sums lie in y meanwhile; the first tile sets them.
#define STEP(ROWS, k)                                                          \
  {                                                                            \
    v128_t lo = load(w + 64 * (k)), hi = load(w + 64 * (k) + 16);              \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      v128_t v = load(x + (r * STEPS + (k)) * VECTOR);                         \
      a[r] = wasm_f32x4_add(a[r], wasm_f32x4_mul(v, lo));                      \
      b[r] = wasm_f32x4_add(b[r], wasm_f32x4_mul(v, hi));                      \
      keep(a[r]);                                                              \
      keep(b[r]);                                                              \
    }                                                                          \
  }
#define STEP6(k) STEP(6, k)
#define STEP4(k) STEP(4, k)
#define STEP2(k) STEP(2, k)
#define STEP1(k) STEP(1, k)

#define TILE(ROWS)                                                             \
  NOINLINE void tile##ROWS(float *y, int ldy, const char *x, const char *w,    \
                           int k, int first) {                                 \
    v128_t a[ROWS], b[ROWS];                                                   \
    UNROLL for (int r = 0; r < ROWS; r++) a[r] = b[r] = wasm_f32x4_const_splat(0); \
    if (!first) UNROLL for (int r = 0; r < ROWS; r++) {                        \
      a[r] = load(y + r * ldy);                                                \
      b[r] = load(y + r * ldy + 4);                                            \
    }                                                                          \
    BLOCKS(ROWS, k, STEP##ROWS, 64)                                            \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      store(y + r * ldy, a[r]);                                                \
      store(y + r * ldy + 4, b[r]);                                            \
    }                                                                          \
  }

TILE(6)
TILE(4)
TILE(2)
TILE(1)

// columns adds up to 32 k to at most 48 rows of 8 columns.
NOINLINE void columns(float *y, int ldy, int m, const char *x, const char *w, int k, int first) {
#define ROWS(R) tile##R(y + i * ldy, ldy, x + i * STEPS * VECTOR, w, k, first)
  TILES(ROWS, m)
#undef ROWS
}

// spread repeats up to 32 numbers four times each.
NOINLINE void spread(char *to, const float *x, int n) {
#define SPREAD(i) store(to + (i) * VECTOR, wasm_v128_load32_splat(x + (i)));
  if (n >= 32) {
    touch(x + 31);
    touch(to + 32 * VECTOR - 1);
    S32(SPREAD, 0)
    return;
  }
  for (; n >= 4; n -= 4, x += 4, to += 4 * VECTOR) {
    S4(SPREAD, 0)
  }
  for (; n > 0; n--, x++, to += VECTOR) SPREAD(0)
}

// matmul_f32 sets y [m, n] for a matrix w [n, k] in panels of 16 rows. work is
// room for the copy of x and the edge of y.
void EXPORT(matmul_f32)(float *y, int ldy, const float *x, int ldx, int m, const float *w, int n, int k, char *work) {
  float *edge = (float *)(work + EDGE);
  for (; m > 0; m -= MOST, y += MOST * ldy, x += MOST * ldx) {
    int rows = m < MOST ? m : MOST, whole = n & ~7, c = 0;
    do {
      for (int i = 0; i < rows;) EIGHT(i, rows, spread(work + i * STEPS * VECTOR, x + i * ldx + c, k - c))
#define PANEL(j) (const char *)(w + ((j) & ~15) * k + 16 * c + ((j) & 8))
      for (int j = 0; j < whole;) {
        UNROLL for (int t = 0; t < 4; t++) if (j < whole) {
          columns(y + j, ldy, rows, work, PANEL(j), k - c, !c);
          j += 8;
        }
      }
      if (whole < n) columns(edge, 8, rows, work, PANEL(whole), k - c, !c);
      c += STEPS;
    } while (c < k);
    if (whole < n) copy_edge(y + whole, ldy, edge, rows, n - whole, 8);
  }
}

// decode_f16 sets out[i] to the float32 of in[i], for a multiple of 16 numbers:
// the fraction and exponent shifted into place and scaled by 2^112, which is
// right for subnormal numbers too; the largest exponent is infinity or NaN.
void EXPORT(decode_f16)(float *out, const uint16_t *in, int n) {
  const v128_t magnitude = wasm_i32x4_const_splat(0x7fff), inf = wasm_i32x4_const_splat(0x7c00 << 13);
  const v128_t scale = wasm_f32x4_const_splat(0x1p112f);
  for (; n > 0; n -= 16, in += 16, out += 16) {
    UNROLL for (int i = 0; i < 16; i += 4) {
      v128_t h = wasm_u32x4_load16x4(in + i);
      v128_t bits = wasm_i32x4_shl(wasm_v128_and(h, magnitude), 13);
      v128_t special = wasm_v128_and(wasm_i32x4_ge(bits, inf), wasm_i32x4_const_splat(0x7f800000));
      v128_t sign = wasm_i32x4_shl(wasm_v128_andnot(h, magnitude), 16);
      store(out + i, wasm_v128_or(wasm_v128_or(wasm_f32x4_mul(bits, scale), special), sign));
    }
  }
}
