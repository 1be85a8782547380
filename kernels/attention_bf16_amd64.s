//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "rows_amd64.h"
#include "exp_amd64.h"

// e^x for 16 floats at a time: n = round(x/ln 2), r = x - n*ln 2 and
// 2^n * (1 + r + r^2*p(r)), p the polynomial of Cephes' expf. Within 2 ulp;
// 0 below -104, e^88 above 88, NaN stays NaN.
//
// EXP_LOAD fills Z20-Z31, which the caller then leaves alone.
#define EXP_LOAD \
	VBROADCASTSS expConst<>+0(SB), Z31;  \
	VBROADCASTSS expConst<>+4(SB), Z30;  \
	VBROADCASTSS expConst<>+8(SB), Z29;  \
	VBROADCASTSS expConst<>+12(SB), Z28; \
	VBROADCASTSS expConst<>+16(SB), Z27; \
	VBROADCASTSS expConst<>+20(SB), Z26; \
	VBROADCASTSS expConst<>+24(SB), Z25; \
	VBROADCASTSS expConst<>+28(SB), Z24; \
	VBROADCASTSS expConst<>+32(SB), Z23; \
	VBROADCASTSS expConst<>+36(SB), Z22; \
	VBROADCASTSS expConst<>+40(SB), Z21; \
	VBROADCASTSS expConst<>+44(SB), Z20

// EXP sets x = e^x and uses n and p.
#define EXP(x, n, p) \
	VMAXPS x, Z21, x;             \
	VMINPS x, Z20, x;             \
	VMULPS Z31, x, n;             \
	VRNDSCALEPS $8, n, n;         \
	VFNMADD231PS Z30, n, x;       \
	VFNMADD231PS Z29, n, x;       \
	VMOVAPS Z28, p;               \
	VFMADD213PS Z27, x, p;        \
	VFMADD213PS Z26, x, p;        \
	VFMADD213PS Z25, x, p;        \
	VFMADD213PS Z24, x, p;        \
	VFMADD213PS Z23, x, p;        \
	VFMADD213PS Z22, x, p;        \
	VFMADD213PS Z22, x, p;        \
	VSCALEFPS n, p, x

DATA expConst<>+0(SB)/4, $0x3fb8aa3b  // 1/ln 2
DATA expConst<>+4(SB)/4, $0x3f318000  // ln 2, upper bits
DATA expConst<>+8(SB)/4, $0xb95e8083  // ln 2, the rest
DATA expConst<>+12(SB)/4, $0x39506967 // p, from the highest power
DATA expConst<>+16(SB)/4, $0x3ab743ce
DATA expConst<>+20(SB)/4, $0x3c088908
DATA expConst<>+24(SB)/4, $0x3d2aa9c1
DATA expConst<>+28(SB)/4, $0x3e2aaaaa
DATA expConst<>+32(SB)/4, $0x3f000000
DATA expConst<>+36(SB)/4, $0x3f800000 // 1
DATA expConst<>+40(SB)/4, $0xc2d00000 // -104
DATA expConst<>+44(SB)/4, $0x42b00000 // 88
GLOBL expConst<>(SB), RODATA|NOPTR, $48

// SCORE sets Z0 to scale*s + bias.
#define SCORE \
	VMOVUPS.Z (SI)(R13*4), K1, Z0;   \
	VMOVUPS.Z (BX)(R13*4), K1, Z4;   \
	VFMADD213PS Z4, Z19, Z0

#define SOFTMAX_ARGS \
	MOVQ args+0(FP), AX; \
	MOVQ 0(AX), SI;      \
	MOVQ 8(AX), DX;      \
	MOVQ 16(AX), R8;     \
	MOVQ 24(AX), BX;     \
	MOVQ 32(AX), R10;    \
	MOVQ 40(AX), R11;    \
	MOVQ 48(AX), R15;    \
	MOVQ 56(AX), R9;     \
	ROW_MASKS(R9);       \
	VBROADCASTSS 96(AX), Z19

// func softmaxAVX512(args *softmaxArgs)
TEXT ·softmaxAVX512(SB), NOSPLIT, $0-8
	SOFTMAX_ARGS
	EXP_LOAD
	MOVQ 64(AX), DI
	MOVQ 72(AX), DX
	MOVL $0xff800000, CX
	VPBROADCASTD CX, Z18
row:
	VMOVAPS Z18, Z1
	ROW_BEGIN(R9)
scores:
	ROW_MASK
	SCORE
	VMOVUPS Z0, K1, (SI)(R13*4)
	VMAXPS Z0, Z1, K1, Z1
	ROW_NEXT(scores)
	FOLD16(VMAXPS, Z1, Y1, X1, Y2, X2)
	VMOVSS X1, (R11)
	VPXORD Z2, Z2, Z2
	ROW_BEGIN(R9)
exps:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VSUBPS Z1, Z0, Z0
	EXP(Z0, Z4, Z5)
	VMOVUPS Z0, K1, (SI)(R13*4)
	VADDPS Z0, Z2, K1, Z2
	ROW_NEXT(exps)
	FOLD16(VADDPS, Z2, Y2, X2, Y3, X3)
	VDIVPS Z2, Z22, Z2
	VMOVSS X2, 4(R11)
	ROW_BEGIN(R9)
round:
	ROW_MASK
	VMULPS.Z (SI)(R13*4), Z2, K1, Z0
	VCVTNEPS2BF16(0, 3)
	VMOVDQU Y3, (DI)(R13*2)
	ROW_NEXT(round)
	ADDQ R8, SI
	ADDQ R10, BX
	ADDQ $8, R11
	ADDQ DX, DI
	DECQ R15
	JNZ row
	VZEROUPPER
	RET

// func softmaxGradAVX512(args *softmaxArgs)
//
// Probabilities in place of s, then their gradients' sum, then the gradients.
TEXT ·softmaxGradAVX512(SB), NOSPLIT, $0-8
	SOFTMAX_ARGS
	EXP_LOAD
	MOVQ 64(AX), DI
	MOVQ 72(AX), R14
	MOVQ 80(AX), R12
	MOVQ 88(AX), AX
row:
	VBROADCASTSS (R11), Z1
	VBROADCASTSS 4(R11), Z2
	VPXORD Z3, Z3, Z3
	ROW_BEGIN(R9)
probs:
	ROW_MASK
	SCORE
	VSUBPS Z1, Z0, Z0
	EXP(Z0, Z4, Z5)
	VMULPS.Z Z0, Z2, K1, Z0
	VMOVUPS Z0, K1, (SI)(R13*4)
	VMOVUPS.Z (DX)(R13*4), K1, Z6
	VFMADD231PS Z6, Z0, Z3
	ROW_NEXT(probs)
	FOLD16(VADDPS, Z3, Y3, X3, Y4, X4)
	ROW_BEGIN(R9)
grads:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VMOVUPS.Z (DX)(R13*4), K1, Z1
	VSUBPS Z3, Z1, Z1
	VMULPS Z0, Z1, Z1
	VADDPS.Z (R12)(R13*4), Z1, K1, Z5
	VMOVUPS Z5, K1, (R12)(R13*4)
	VCVTNEPS2BF16(0, 4)
	VMOVDQU Y4, (DI)(R13*2)
	VMULPS Z19, Z1, Z1
	VCVTNEPS2BF16(1, 4)
	VMOVDQU Y4, (AX)(R13*2)
	ROW_NEXT(grads)
	ADDQ R8, SI
	ADDQ R8, DX
	ADDQ R10, BX
	ADDQ R10, R12
	ADDQ $8, R11
	ADDQ R14, DI
	ADDQ R14, AX
	DECQ R15
	JNZ row
	VZEROUPPER
	RET
