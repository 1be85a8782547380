//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"

#define DP4(a, b, c, d) \
	VDPBF16PS(30, 31, a); \
	VDPBF16PS(30, 31, b); \
	VDPBF16PS(30, 31, c); \
	VDPBF16PS(30, 31, d)

// func peakBF16AVX512(steps int)
TEXT ·peakBF16AVX512(SB), NOSPLIT, $0-8
	MOVQ steps+0(FP), CX
	VZEROALL
	VPXORD Z30, Z30, Z30
	VPXORD Z31, Z31, Z31
loop:
	DP4(0, 1, 2, 3)
	DP4(4, 5, 6, 7)
	DP4(8, 9, 10, 11)
	DP4(12, 13, 14, 15)
	DECQ CX
	JNZ loop
	VZEROUPPER
	RET
