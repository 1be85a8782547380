// What the kernels share. They run in the memory of a Go program: addresses are
// Go's slices, and there is no memory of their own, so no function may need a
// stack, a global or a constant table (a test of this folder looks).
//
// Loops are unrolled by hand. A host that can interrupt a guest checks at every
// turn of every loop, which costs as much as dozens of instructions.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
#define INLINE static inline __attribute__((always_inline))

INLINE v128_t load(const void *p) { return wasm_v128_load(p); }
INLINE void store(void *p, v128_t v) { wasm_v128_store(p, v); }
