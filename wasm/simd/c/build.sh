#!/bin/sh
# Compiles the kernels: sh build.sh FOLDER. Called by go generate and by the test
# that compares. CLANG and WASM_LD name the tools.
set -eu
out=$1
here=$(dirname "$0")
flags="--target=wasm32 -mcpu=mvp -msimd128 -mbulk-memory -mnontrapping-fptoint -msign-ext
	-O3 -fno-vectorize -fno-slp-vectorize -ffp-contract=off -ffreestanding -Wall -Wextra -Werror -Wno-unused-function"

# kernels NAME MEMORY FILES FLAGS LINKFLAGS: one module, which imports its memory as MEMORY.
kernels() {
	tmp=$(mktemp -d)
	for c in $3; do
		${CLANG:-clang-16} $flags $4 -c "$here/$c.c" -o "$tmp/$c.o"
	done
	if grep -q __stack_pointer "$tmp"/*.o; then
		echo "$1: a kernel needs a stack, and there is none" >&2
		exit 1
	fi
	${WASM_LD:-wasm-ld-16} --no-entry --strip-all --import-memory=go,"$2" $5 "$tmp"/*.o -o "$out/$1.wasm"
	rm -r "$tmp"
}

all="matmul_f32 matmul_i8 rows"
kernels simd128-wasip1 memory "$all" "" ""
kernels simd128-js mem "$all" -DSLOTS --export-table
kernels relaxed-js mem relaxed -mrelaxed-simd ""
