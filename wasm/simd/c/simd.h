// What the kernels share. They run in the memory of a Go program: addresses are
// Go's slices, and there is no memory of their own, so no function may need a
// stack, a global or a table of constants (a test of this folder looks).
//
// Hosts that can interrupt a guest, as wazero, leave it at every turn of a loop
// to look whether they should, which takes as long as a hundred products: so
// inner loops are spelled out. They also compare an address with the size of
// the memory, unless the same block of code has reached further from it before:
// a block first touches the last byte that it is going to read.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE v128_t load(const void *p) { return wasm_v128_load(p); }
INLINE void store(void *p, v128_t v) { wasm_v128_store(p, v); }
INLINE void touch(const void *p) { (void)*(const volatile char *)p; }

// some loads the first n of 4 numbers, n below 4; the others are zero.
INLINE v128_t some(const void *p, int n) {
  const float *f = p;
  v128_t v = wasm_f32x4_const_splat(0);
  if (n > 0) v = wasm_v128_load32_lane(f, v, 0);
  if (n > 1) v = wasm_v128_load32_lane(f + 1, v, 1);
  if (n > 2) v = wasm_v128_load32_lane(f + 2, v, 2);
  return v;
}

// put stores the first n of 4 numbers, n below 4.
INLINE void put(void *p, v128_t v, int n) {
  float *f = p;
  if (n > 0) wasm_v128_store32_lane(f, v, 0);
  if (n > 1) wasm_v128_store32_lane(f + 1, v, 1);
  if (n > 2) wasm_v128_store32_lane(f + 2, v, 2);
}

// keep makes the compiler have a value here. Without it LLVM makes all sums of
// a row first, for which the whole panel must be in registers, of which there
// are 16.
#define keep(v) __asm__ volatile("" : "+r"(v))

// S32(step, i) runs step(i) to step(i+31).
#define S1(step, i) step(i)
#define S2(step, i) S1(step, i) S1(step, (i) + 1)
#define S4(step, i) S2(step, i) S2(step, (i) + 2)
#define S8(step, i) S4(step, i) S4(step, (i) + 4)
#define S16(step, i) S8(step, i) S8(step, (i) + 8)
#define S32(step, i) S16(step, i) S16(step, (i) + 16)

// The products take up to 32 steps of up to 48 rows at a time. Their x is copied
// first, each step of a row repeated to fill a vector: hosts load a vector with
// one instruction, but some need four to spread a number. The copy is as large
// as the first-level cache allows, [48, 32] vectors. Behind it is room for what
// a tile reads of w, widened, for the columns at the edge of a y, as many as a
// tile has, and for their scales.
enum { STEPS = 32, MOST = 48, VECTOR = 16, WIDE = MOST * STEPS * VECTOR, EDGE = WIDE + STEPS * 2 * VECTOR,
       SCALES = EDGE + MOST * 8 * 4 };

// BLOCK runs COUNT steps of ROWS rows of the copy x over a panel w of WSTEP
// bytes a step, and goes on behind them.
#define BLOCK(ROWS, COUNT, STEP, WSTEP)                                        \
  {                                                                            \
    touch(w + (COUNT) * (WSTEP) - 1);                                          \
    touch(x + ((ROWS - 1) * STEPS + (COUNT)) * VECTOR - 1);                    \
    S##COUNT(STEP, 0)                                                          \
    w += (COUNT) * (WSTEP);                                                    \
    x += (COUNT) * VECTOR;                                                     \
  }

// BLOCKS runs n steps, at most 32.
#define BLOCKS(ROWS, n, STEP, WSTEP)                                           \
  if (n >= 32) {                                                               \
    BLOCK(ROWS, 32, STEP, WSTEP)                                               \
  } else {                                                                     \
    if (n & 16) BLOCK(ROWS, 16, STEP, WSTEP)                                   \
    if (n & 8) BLOCK(ROWS, 8, STEP, WSTEP)                                     \
    if (n & 4) BLOCK(ROWS, 4, STEP, WSTEP)                                     \
    if (n & 2) BLOCK(ROWS, 2, STEP, WSTEP)                                     \
    if (n & 1) BLOCK(ROWS, 1, STEP, WSTEP)                                     \
  }

// EIGHT runs what for i to i+7 below m.
#define EIGHT(i, m, what) UNROLL for (int t = 0; t < 8; t++) if (i < m) { what; i++; }

// TILES runs TILE(6) over rows 0 to m-1, at most 48, and smaller ones over what
// is left.
#define TILES(TILE, m)                                                         \
  {                                                                            \
    int i = 0;                                                                 \
    UNROLL for (int t = 0; t < 8; t++) if (i + 6 <= m) { TILE(6); i += 6; }    \
    if (i + 4 <= m) { TILE(4); i += 4; }                                       \
    if (i + 2 <= m) { TILE(2); i += 2; }                                       \
    if (i < m) TILE(1);                                                        \
  }

// scaled returns 4 sums times the scales.
INLINE v128_t scaled(v128_t sums, float sx, const float *sw) {
  return wasm_f32x4_mul(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(sums), wasm_f32x4_splat(sx)), load(sw));
}

// copy_edge copies the first n columns of m rows of width numbers.
NOINLINE void edge_row(float *y, const float *from, int n) {
  if (n >= 4) {
    store(y, load(from));
    y += 4, from += 4, n -= 4;
  }
  put(y, load(from), n);
}
static void copy_edge(float *y, int ldy, const float *from, int m, int n, int width) {
  for (int i = 0; i < m;) EIGHT(i, m, edge_row(y + i * ldy, from + i * width, n))
}
