// The int8 product in relaxed SIMD is a small module of its own, which not every
// machine can parse.

/** A module whose only function has an i8x16.relaxed_swizzle. */
const probe = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11);

export const hasRelaxed = () => WebAssembly.validate(probe);

/** Puts the functions of that module, where they are exact, in the place of an instance's. */
export function useRelaxed({ exports: { mem, __indirect_function_table: table, ...own } }, module) {
  if (!table) return; // plain Go, without SIMD kernels
  const { exports } = new WebAssembly.Instance(module, { go: { mem } });
  if (!exports.relaxed()) return;
  for (let i = 0; i < table.length; i++) {
    for (const name of ["relaxed", "matmul_i8"]) {
      if (table.get(i) === own[`slot_${name}`]) table.set(i, exports[name]);
    }
  }
}
