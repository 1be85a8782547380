#include "simd.h"

// y[i, j] = (sum over k of x[i, k] * w[j, k]) * sx[i] * sw[j], the sum exact in
// int32, as kernels.MatMulI8. A panel of w holds 16 columns in groups of four
// k: one vector is 4 columns of 4 k.

// A tile adds up to 32 groups for ROWS rows and 4 columns. A product of 8 pairs
// gives each column's sum in two parts, which are added at the end. The sums lie
// in y until the last tile scales them. Both factors have 16 bits by then.
#define STEP(ROWS, g)                                                          \
  {                                                                            \
    v128_t lo = load(w + 2 * VECTOR * (g)), hi = load(w + 2 * VECTOR * (g) + VECTOR); \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      v128_t v = load(x + (r * STEPS + (g)) * VECTOR);                         \
      a[r] = wasm_i32x4_add(a[r], wasm_i32x4_dot_i16x8(v, lo));                \
      b[r] = wasm_i32x4_add(b[r], wasm_i32x4_dot_i16x8(v, hi));                \
      keep(a[r]);                                                              \
      keep(b[r]);                                                              \
    }                                                                          \
  }
#define STEP6(g) STEP(6, g)
#define STEP4(g) STEP(4, g)
#define STEP2(g) STEP(2, g)
#define STEP1(g) STEP(1, g)

#define TILE(ROWS)                                                             \
  NOINLINE void tile##ROWS(float *y, int ldy, const char *x, const char *w,    \
                           int groups, int first, const float *sx,             \
                           const float *sw) {                                  \
    v128_t a[ROWS], b[ROWS];                                                   \
    UNROLL for (int r = 0; r < ROWS; r++) a[r] = b[r] = wasm_i32x4_const_splat(0); \
    BLOCKS(ROWS, groups, STEP##ROWS, 2 * VECTOR)                                 \
    UNROLL for (int r = 0; r < ROWS; r++) {                                    \
      v128_t sums = wasm_i32x4_add(wasm_i32x4_shuffle(a[r], b[r], 0, 2, 4, 6), \
                                   wasm_i32x4_shuffle(a[r], b[r], 1, 3, 5, 7)); \
      if (!first) sums = wasm_i32x4_add(sums, load(y + r * ldy));              \
      store(y + r * ldy, groups > STEPS ? sums : scaled(sums, sx[r], sw));     \
    }                                                                          \
  }

TILE(6)
TILE(4)
TILE(2)
TILE(1)

// widen gives up to 32 groups of 4 columns of w 16 bits.
NOINLINE void widen(char *to, const char *w, int groups) {
#define WIDEN(g)                                                               \
  store(to + 2 * VECTOR * (g), wasm_i16x8_load8x8(w + 64 * (g)));              \
  store(to + 2 * VECTOR * (g) + VECTOR, wasm_i16x8_load8x8(w + 64 * (g) + 8));
  if (groups >= 32) {
    touch(w + 64 * 31 + 15);
    touch(to + 2 * VECTOR * 32 - 1);
    S32(WIDEN, 0)
    return;
  }
  for (; groups > 0; groups--, w += 64, to += 2 * VECTOR) {
    WIDEN(0)
  }
}

// columns adds up to 32 of the groups left to at most 48 rows of 4 columns.
NOINLINE void columns(float *y, int ldy, int m, char *work, const char *w, int groups, int first,
                      const float *sx, const float *sw) {
  widen(work + WIDE, w, groups);
#define ROWS(R) tile##R(y + i * ldy, ldy, work + i * STEPS * VECTOR, work + WIDE, groups, first, sx + i, sw)
  TILES(ROWS, m)
#undef ROWS
}

// spread widens up to 32 groups to 16 bits and repeats each.
NOINLINE void spread(char *to, const int8_t *x, int groups) {
#define SPREAD(i)                                                              \
  {                                                                            \
    v128_t v = wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(x + 4 * (i))); \
    store(to + (i) * VECTOR, wasm_i64x2_shuffle(v, v, 0, 0));                  \
  }
  if (groups >= 32) {
    touch(x + 127);
    touch(to + 32 * VECTOR - 1);
    S32(SPREAD, 0)
    return;
  }
  for (; groups >= 4; groups -= 4, x += 16, to += 4 * VECTOR) {
    S4(SPREAD, 0)
  }
  for (; groups > 0; groups--, x += 4, to += VECTOR) SPREAD(0)
}

// A host puts the functions of relaxed.c in the place of these two, in the table
// of functions, where the machine has what they need.
#ifdef SLOTS
#define SLOT(f) ({ __typeof__(&f) p = f; keep(p); p; })
#else
#define SLOT(f) f
#endif

int EXPORT(slot_relaxed)(void) { return 0; }

// relaxed tells whether matmul_i8 uses relaxed SIMD.
int EXPORT(relaxed)(void) { return SLOT(slot_relaxed)(); }

// matmul_i8 takes k rounded up to a multiple of 4; shift is -128 times the sum
// of each row of x, and work is room for the copy of x and the edge of y.
void EXPORT(slot_matmul_i8)(float *y, int ldy, const int8_t *x, int ldx, int m, const int8_t *w, int n, int k,
                            const float *sx, const int32_t *shift, const float *sw, char *work) {
  float *edge = (float *)(work + EDGE), *scales = (float *)(work + SCALES);
  (void)shift;
  int whole = n & ~3;
  for (int j = whole; j < n; j++) scales[j - whole] = sw[j];
  for (; m > 0; m -= MOST, y += MOST * ldy, x += MOST * ldx, sx += MOST) {
    int rows = m < MOST ? m : MOST, g = 0, groups = k / 4;
    do {
      for (int i = 0; i < rows;) EIGHT(i, rows, spread(work + i * STEPS * VECTOR, x + i * ldx + 4 * g, groups - g))
#define PANEL(j) (const char *)(w + ((j) & ~15) * k + 64 * g + ((j) & 15) * 4)
      for (int j = 0; j < whole;) {
        UNROLL for (int t = 0; t < 4; t++) if (j < whole) {
          columns(y + j, ldy, rows, work, PANEL(j), groups - g, !g, sx, sw + j);
          j += 4;
        }
      }
      if (whole < n) columns(edge, 4, rows, work, PANEL(whole), groups - g, !g, sx, scales);
      g += STEPS;
    } while (g < groups);
    if (whole < n) copy_edge(y + whole, ldy, edge, rows, n - whole, 4);
  }
}

void EXPORT(matmul_i8)(float *y, int ldy, const int8_t *x, int ldx, int m, const int8_t *w, int n, int k,
                       const float *sx, const int32_t *shift, const float *sw, char *work) {
  SLOT(slot_matmul_i8)(y, ldy, x, ldx, m, w, n, k, sx, shift, sw, work);
}
