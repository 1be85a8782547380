//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "exp_amd64.h"
#include "exp2_amd64.h"

// Rows of at most 96 scores, which stay in registers: vector v of a row is Zv,
// its mask is K(v+1). See softmaxArgs.

// COLUMN_MASK sets a mask to the next 16 of R9 columns.
#define COLUMN_MASK(k) \
	MOVQ R9, CX;          \
	CMPQ CX, $16;         \
	JLE 2(PC);            \
	MOVQ $16, CX;         \
	MOVQ $1, R13;         \
	SHLQ CX, R13;         \
	DECQ R13;             \
	KMOVW R13, k;         \
	SUBQ CX, R9

#define SHORT_ARGS \
	MOVQ args+0(FP), AX; \
	MOVQ 0(AX), SI;      \
	MOVQ 8(AX), DX;      \
	MOVQ 16(AX), R8;     \
	MOVQ 24(AX), BX;     \
	MOVQ 32(AX), R10;    \
	MOVQ 40(AX), R11;    \
	MOVQ 48(AX), R15;    \
	MOVQ 56(AX), R9;     \
	MOVQ 64(AX), DI;     \
	MOVQ 72(AX), R14;    \
	VBROADCASTSS 96(AX), Z21; \
	COLUMN_MASK(K1); COLUMN_MASK(K2); COLUMN_MASK(K3); \
	COLUMN_MASK(K4); COLUMN_MASK(K5); COLUMN_MASK(K6)

// SCORES sets z to scale*s + bias, minus infinity (Z20) where there is no column.
#define SCORES(v, k, z) \
	VBLENDMPS (v*64)(SI), Z20, k, z;          \
	VMOVUPS.Z (v*64)(BX), k, Z6;              \
	VFMADD213PS Z6, Z21, z

// POWER sets z to e^(z - top) for Z17 = -top/ln 2.
#define POWER(z) \
	VFMADD213PS Z17, Z31, z; \
	EXP2(z, Z6, Z7)

#define SCALED(k, z) VMULPS.Z Z16, z, k, z

#define STORE_BF16(v, lo, hi) \
	VCVTNE2PS2BF16(lo, hi, 6);     \
	VMOVDQU64 Z6, (v*32)(DI)

// The whole row of p is written, R14 bytes, a multiple of 64.
#define STORE_ROW(done) \
	STORE_BF16(0, 0, 1); \
	CMPQ R14, $64;       \
	JLE done;            \
	STORE_BF16(2, 2, 3); \
	CMPQ R14, $128;      \
	JLE done;            \
	STORE_BF16(4, 4, 5); \
done:

// func softmaxShortAVX512(args *softmaxArgs)
TEXT ·softmaxShortAVX512(SB), NOSPLIT, $0-8
	SHORT_ARGS
	EXP2_LOAD
	MOVL $0xff800000, CX
	VPBROADCASTD CX, Z20
row:
	SCORES(0, K1, Z0)
	SCORES(1, K2, Z1)
	SCORES(2, K3, Z2)
	SCORES(3, K4, Z3)
	SCORES(4, K5, Z4)
	SCORES(5, K6, Z5)
	VMAXPS Z0, Z1, Z6
	VMAXPS Z2, Z3, Z7
	VMAXPS Z4, Z5, Z8
	VMAXPS Z6, Z7, Z6
	VMAXPS Z6, Z8, Z6
	FOLD16(VMAXPS, Z6, Y6, X6, Y7, X7)
	VMOVSS X6, (R11)
	VMULPS Z6, Z31, Z17
	VXORPS X7, X7, X7
	VSUBPS Z17, Z7, Z17
	POWER(Z0)
	POWER(Z1)
	POWER(Z2)
	POWER(Z3)
	POWER(Z4)
	POWER(Z5)
	VMOVAPS.Z Z0, K1, Z8
	VADDPS Z1, Z8, K2, Z8
	VMOVAPS.Z Z2, K3, Z9
	VADDPS Z3, Z9, K4, Z9
	VADDPS Z4, Z8, K5, Z8
	VADDPS Z5, Z9, K6, Z9
	VADDPS Z9, Z8, Z8
	FOLD16(VADDPS, Z8, Y8, X8, Y7, X7)
	VDIVSS X8, X22, X8
	VMOVSS X8, 4(R11)
	VBROADCASTSS X8, Z16
	SCALED(K1, Z0)
	SCALED(K2, Z1)
	SCALED(K3, Z2)
	SCALED(K4, Z3)
	SCALED(K5, Z4)
	SCALED(K6, Z5)
	STORE_ROW(stored)
	ADDQ R8, SI
	ADDQ R10, BX
	ADDQ $8, R11
	ADDQ R14, DI
	DECQ R15
	JNZ row
	VZEROUPPER
	RET

// AGAIN sets z to the probabilities of a vector and adds p*dp to the sums in d.
#define AGAIN(v, k, z, dp, d) \
	SCORES(v, k, z);              \
	POWER(z);                     \
	SCALED(k, z);                 \
	VMOVUPS.Z (v*64)(DX), k, dp;  \
	VFMADD231PS z, dp, d

// GRADIENT sets dp to p*(dp - delta), adds it to dbias and scales it.
#define GRADIENT(v, k, z, dp) \
	VSUBPS Z15, dp, dp;                 \
	VMULPS z, dp, dp;                   \
	VADDPS.Z (v*64)(R12), dp, k, Z6;    \
	VMOVUPS Z6, k, (v*64)(R12);         \
	VMULPS Z21, dp, dp

#define STORE_GRADIENT(v, lo, hi) \
	VCVTNE2PS2BF16(lo, hi, 6);     \
	VMOVDQU64 Z6, (v*32)(R9)

// func softmaxGradShortAVX512(args *softmaxArgs)
TEXT ·softmaxGradShortAVX512(SB), NOSPLIT, $0-8
	SHORT_ARGS
	EXP2_LOAD
	MOVL $0xff800000, CX
	VPBROADCASTD CX, Z20
	MOVQ 80(AX), R12
	MOVQ 88(AX), R9
row:
	VXORPS X19, X19, X19
	VBROADCASTSS (R11), Z17
	VBROADCASTSS 4(R11), Z16
	VMULPS Z17, Z31, Z17
	VSUBPS Z17, Z19, Z17
	VPXORD Z15, Z15, Z15
	AGAIN(0, K1, Z0, Z8, Z15)
	AGAIN(1, K2, Z1, Z9, Z19)
	AGAIN(2, K3, Z2, Z10, Z15)
	AGAIN(3, K4, Z3, Z11, Z19)
	AGAIN(4, K5, Z4, Z12, Z15)
	AGAIN(5, K6, Z5, Z13, Z19)
	VADDPS Z15, Z19, Z15
	FOLD16(VADDPS, Z15, Y15, X15, Y7, X7)
	STORE_ROW(stored)
	GRADIENT(0, K1, Z0, Z8)
	GRADIENT(1, K2, Z1, Z9)
	GRADIENT(2, K3, Z2, Z10)
	GRADIENT(3, K4, Z3, Z11)
	GRADIENT(4, K5, Z4, Z12)
	GRADIENT(5, K6, Z5, Z13)
	STORE_GRADIENT(0, 8, 9)
	CMPQ R14, $64
	JLE next
	STORE_GRADIENT(2, 10, 11)
	CMPQ R14, $128
	JLE next
	STORE_GRADIENT(4, 12, 13)
next:
	ADDQ R8, SI
	ADDQ R8, DX
	ADDQ R10, BX
	ADDQ R10, R12
	ADDQ $8, R11
	ADDQ R14, DI
	ADDQ R14, R9
	DECQ R15
	JNZ row
	VZEROUPPER
	RET
