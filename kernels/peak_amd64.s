//go:build !purego

#include "textflag.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"

#define FMA4(x, y, a, b, c, d) \
	VFMADD231PS x, y, a; \
	VFMADD231PS x, y, b; \
	VFMADD231PS x, y, c; \
	VFMADD231PS x, y, d

// func peakAVX512(steps int)
TEXT ·peakAVX512(SB), NOSPLIT, $0-8
	MOVQ steps+0(FP), CX
	VZEROALL
	VMOVAPS Z0, Z16
	VMOVAPS Z0, Z17
	VMOVAPS Z0, Z18
	VMOVAPS Z0, Z19
	VMOVAPS Z0, Z20
	VMOVAPS Z0, Z21
	VMOVAPS Z0, Z22
	VMOVAPS Z0, Z23
	VMOVAPS Z0, Z30
	VMOVAPS Z0, Z31

loop512:
	FMA4(Z30, Z31, Z0, Z1, Z2, Z3)
	FMA4(Z30, Z31, Z4, Z5, Z6, Z7)
	FMA4(Z30, Z31, Z8, Z9, Z10, Z11)
	FMA4(Z30, Z31, Z12, Z13, Z14, Z15)
	FMA4(Z30, Z31, Z16, Z17, Z18, Z19)
	FMA4(Z30, Z31, Z20, Z21, Z22, Z23)
	DECQ CX
	JNZ  loop512
	VZEROUPPER
	RET

// func peakAVX2(steps int)
TEXT ·peakAVX2(SB), NOSPLIT, $0-8
	MOVQ steps+0(FP), CX
	VZEROALL

loop2:
	FMA4(Y14, Y15, Y0, Y1, Y2, Y3)
	FMA4(Y14, Y15, Y4, Y5, Y6, Y7)
	FMA4(Y14, Y15, Y8, Y9, Y10, Y11)
	DECQ CX
	JNZ  loop2
	VZEROUPPER
	RET

#define DPBF16(a, b, c, d) \
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
	DPBF16(0, 1, 2, 3)
	DPBF16(4, 5, 6, 7)
	DPBF16(8, 9, 10, 11)
	DPBF16(12, 13, 14, 15)
	DECQ CX
	JNZ loop
	VZEROUPPER
	RET

// func peakI8AMX(config *tileConfig, data *int8, steps int)
TEXT ·peakI8AMX(SB), NOSPLIT, $0-24
	MOVQ config+0(FP), AX
	MOVQ data+8(FP), SI
	LDTILECFG(0)
	MOVQ $64, CX
	TILELOADD(6, 1, 0, 4)
	TILELOADD(6, 1, 64, 5)
	TILELOADD(6, 1, 0, 6)
	TILELOADD(6, 1, 64, 7)
	MOVQ steps+16(FP), CX

tiles:
	TDPBSSD(6, 4, 0)
	TDPBSSD(7, 4, 1)
	TDPBSSD(6, 5, 2)
	TDPBSSD(7, 5, 3)
	DECQ CX
	JNZ  tiles
	TILERELEASE
	RET

#define DP4(a, b, c, d) \
	VPDPBUSD Z28, Z31, a; \
	VPDPBUSD Z29, Z31, b; \
	VPDPBUSD Z28, Z30, c; \
	VPDPBUSD Z29, Z30, d

// func peakVNNI(data *int8, steps int)
TEXT ·peakVNNI(SB), NOSPLIT, $0-16
	MOVQ data+0(FP), SI
	MOVQ steps+8(FP), CX
	VMOVDQU64 (SI), Z28
	VMOVDQU64 64(SI), Z29
	VMOVDQU64 128(SI), Z30
	VMOVDQU64 192(SI), Z31

words:
	DP4(Z0, Z1, Z2, Z3)
	DP4(Z4, Z5, Z6, Z7)
	DP4(Z8, Z9, Z10, Z11)
	DP4(Z12, Z13, Z14, Z15)
	DP4(Z16, Z17, Z18, Z19)
	DP4(Z20, Z21, Z22, Z23)
	DECQ CX
	JNZ  words
	VZEROUPPER
	RET

#define MADD2(a, b) \
	VPSIGNB Y15, Y14, Y12; \
	VPSIGNB Y15, Y14, Y13; \
	VPMADDUBSW Y12, Y15, Y12; \
	VPMADDUBSW Y13, Y15, Y13; \
	VPMADDWD Y12, Y11, Y12; \
	VPMADDWD Y13, Y11, Y13; \
	VPADDD Y12, a, a; \
	VPADDD Y13, b, b

// What stands for a product of bytes in AVX2: see matmul_i8_avx2_amd64.s.
//
// func peakI8AVX2(steps int)
TEXT ·peakI8AVX2(SB), NOSPLIT, $0-8
	MOVQ steps+0(FP), CX
	VZEROALL

bytes:
	MADD2(Y0, Y1)
	MADD2(Y2, Y3)
	MADD2(Y4, Y5)
	MADD2(Y6, Y7)
	DECQ CX
	JNZ  bytes
	VZEROUPPER
	RET
