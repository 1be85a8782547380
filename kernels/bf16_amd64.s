//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"

// func roundBF16AVX512(dst *BF16, src *float32, n int)
TEXT ·roundBF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VMOVUPS (SI), Z0
	VCVTNEPS2BF16(0, 1)
	VMOVDQU Y1, (DI)
	ADDQ $64, SI
	ADDQ $32, DI
	SUBQ $16, CX
	JNZ loop
	VZEROUPPER
	RET

// func pairBF16AVX512(dst *BF16, lo, hi *float32, n int)
TEXT ·pairBF16AVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ lo+8(FP), SI
	MOVQ hi+16(FP), DX
	MOVQ n+24(FP), CX
	VMOVDQU64 pairOrder<>(SB), Z3
loop:
	VMOVUPS (SI), Z0
	VMOVUPS (DX), Z1
	VCVTNE2PS2BF16(0, 1, 2)
	VPERMW Z2, Z3, Z2
	VMOVDQU64 Z2, (DI)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ loop
	VZEROUPPER
	RET

// func expandBF16AVX512(dst *float32, src *BF16, n int)
TEXT ·expandBF16AVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	VPMOVZXWD (SI), Z0
	VPSLLD $16, Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $32, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ loop
	VZEROUPPER
	RET
