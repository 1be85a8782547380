#include "simd.h"

// The int8 product with relaxed SIMD: one instruction multiplies 16 bytes and
// adds four products to each of four sums. What it does with bytes from 128 up
// in its second argument is the machine's choice, the same every time, so it
// is asked:
//
//   UNSIGNED  they are 128 to 255 and sums are exact (x86 with VNNI)
//   SIGNED    they are -128 to -1 and sums are exact (ARM with dot products)
//   NEITHER   a sum of two products saturates (x86 without VNNI)
//
// A module of its own, which not every machine can parse: see SLOT in matmul_i8.c.

enum { NEITHER, UNSIGNED, SIGNED };

INLINE v128_t dot4(v128_t x, v128_t w, v128_t sums) {
  return __builtin_wasm_relaxed_dot_i8x16_i7x16_add_s_i32x4(x, w, sums);
}

// dot_of returns the product of 4 equal pairs plus 1.
INLINE int dot_of(int x, int w) {
  return wasm_i32x4_extract_lane(dot4(wasm_i8x16_splat(x), wasm_i8x16_splat(w), wasm_i32x4_const_splat(1)), 0);
}

INLINE int dot_mode(void) {
  if (dot_of(127, 255) == 4 * 127 * 255 + 1 && dot_of(-127, 255) == 4 * -127 * 255 + 1) return UNSIGNED;
  if (dot_of(127, -128) == 4 * 127 * -128 + 1 && dot_of(-127, -128) == 4 * 127 * 128 + 1) return SIGNED;
  return NEITHER;
}

// A tile is ROWS rows by 8 columns. Bytes of w are turned over by flip: by 128
// where the machine takes them as unsigned, which adds 128 times the sum of x to
// each product; shift takes it off again.
#define RELAXED_STEP(ROWS, g)                                                  \
  {                                                                            \
    v128_t lo = wasm_v128_xor(load(w + 64 * (g)), flip);                       \
    v128_t hi = wasm_v128_xor(load(w + 64 * (g) + 16), flip);                  \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      v128_t v = wasm_v128_load32_splat(x[r] + 4 * (g));                       \
      a[r] = dot4(v, lo, a[r]);                                                \
      b[r] = dot4(v, hi, b[r]);                                                \
      keep(a[r]);                                                              \
      keep(b[r]);                                                              \
    }                                                                          \
  }
#define RELAXED6(g) RELAXED_STEP(6, g)
#define RELAXED4(g) RELAXED_STEP(4, g)
#define RELAXED2(g) RELAXED_STEP(2, g)
#define RELAXED1(g) RELAXED_STEP(1, g)

#define RELAXED_TILE(ROWS)                                                     \
  static void relaxed##ROWS(float *y, int ldy, const int8_t *x0, int ldx,      \
                            const int8_t *w, int groups, const float *sx,      \
                            const int32_t *shift, const float *sw, v128_t flip) { \
    v128_t a[ROWS], b[ROWS];                                                   \
    const int8_t *x[ROWS];                                                     \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      a[r] = b[r] = wasm_v128_and(wasm_i32x4_splat(shift[r]), wasm_i32x4_ne(flip, wasm_i32x4_const_splat(0))); \
      x[r] = x0 + r * ldx;                                                     \
    }                                                                          \
    for (; groups >= 8; groups -= 8) {                                         \
      S8(RELAXED##ROWS, 0)                                                     \
      w += 8 * 64;                                                             \
      UNROLL for (int r = 0; r < ROWS; r++) x[r] += 32;                        \
    }                                                                          \
    for (; groups > 0; groups--) {                                             \
      S1(RELAXED##ROWS, 0)                                                     \
      w += 64;                                                                 \
      UNROLL for (int r = 0; r < ROWS; r++) x[r] += 4;                         \
    }                                                                          \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      store(y + r * ldy, scaled(a[r], sx[r], sw));                             \
      store(y + r * ldy + 4, scaled(b[r], sx[r], sw + 4));                     \
    }                                                                          \
  }

RELAXED_TILE(6)
RELAXED_TILE(4)
RELAXED_TILE(2)
RELAXED_TILE(1)

// relaxed_columns sets m rows of 8 columns.
static void relaxed_columns(float *y, int ldy, const int8_t *x, int ldx, int m, const int8_t *w, int groups,
                            const float *sx, const int32_t *shift, const float *sw, v128_t flip) {
  int i = 0;
#define ROWS(R) relaxed##R(y + i * ldy, ldy, x + i * ldx, ldx, w, groups, sx + i, shift + i, sw, flip)
  for (; i + 6 <= m; i += 6) ROWS(6);
  if (i + 4 <= m) ROWS(4), i += 4;
  if (i + 2 <= m) ROWS(2), i += 2;
  if (i < m) ROWS(1);
#undef ROWS
}

// relaxed tells whether the sums are exact, so that matmul_i8 may be used.
int EXPORT(relaxed)(void) { return dot_mode() != NEITHER; }

void EXPORT(matmul_i8)(float *y, int ldy, const int8_t *x, int ldx, int m, const int8_t *w, int n, int k,
                       const float *sx, const int32_t *shift, const float *sw, char *work) {
  float *edge = (float *)(work + EDGE), *scales = (float *)(work + SCALES);
  v128_t flip = wasm_i8x16_splat(dot_mode() == UNSIGNED ? -128 : 0);
  int whole = n & ~7;
#define PANEL(j) w + ((j) & ~15) * k + ((j) & 15) * 4
  for (int j = 0; j < whole; j += 8)
    relaxed_columns(y + j, ldy, x, ldx, m, PANEL(j), k / 4, sx, shift, sw + j, flip);
  if (whole == n) return;
  for (int j = whole; j < n; j++) scales[j - whole] = sw[j];
  for (; m > 0; m -= MOST, y += MOST * ldy, x += MOST * ldx, sx += MOST, shift += MOST) {
    int rows = m < MOST ? m : MOST;
    relaxed_columns(edge, 8, x, ldx, rows, PANEL(whole), k / 4, sx, shift, scales, flip);
    copy_edge(y + whole, ldy, edge, rows, n - whole, 8);
  }
#undef PANEL
}
