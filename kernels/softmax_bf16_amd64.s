//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "rows_amd64.h"
#include "exp_amd64.h"

// The softmax of scores that become BF16, and its gradient: see softmaxArgs.

// POWERS sets Z5 and Z8 to the next 32 powers; the largest is in Z0.
#define POWERS \
	VMOVUPS (BX), Z3; \
	VMOVUPS 64(BX), Z6; \
	VSUBPS Z0, Z3, Z3; \
	VSUBPS Z0, Z6, Z6; \
	VMULPS Z27, Z3, Z3; \
	VMULPS Z27, Z6, Z6; \
	FAST2(Z3, Z4, Z5); \
	FAST2(Z6, Z7, Z8)

// func softmaxBF16AVX512(args *softmaxArgs)
//
// 32 numbers at a time; K1 and K2 are the masks of what is left of a row, if
// R13 is not 0. Without a bias the scale is part of the exponent: Z27 is what the
// scores are multiplied by there, X24 what the largest becomes in stats.
TEXT ·softmaxBF16AVX512(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 16(R15), R8
	MOVQ 24(R15), R14
	MOVQ 40(R15), R12
	MOVQ 48(R15), R10
	MOVQ 56(R15), R9
	MOVQ 64(R15), DI
	MOVQ 72(R15), R11
	VBROADCASTSS 96(R15), Z23
	FAST2_LOAD
	MOVL $0xff800000, AX
	VPBROADCASTD AX, Z26
	MOVL $0x3f800000, AX
	VPBROADCASTD AX, Z25
	MOVL $0x3fb8aa3b, AX // 1/ln 2
	VPBROADCASTD AX, Z27
	VMOVAPS Z25, Z24
	TESTQ R14, R14
	JNZ  masks
	VMULPS Z23, Z27, Z27
	VMOVAPS Z23, Z24

masks:
	MOVQ R9, CX
	ANDQ $31, CX
	MOVQ $1, R13
	SHLQ CX, R13
	DECQ R13
	KMOVW R13, K1
	MOVQ R13, AX
	SHRQ $16, AX
	KMOVW AX, K2
	SHRQ $5, R9

row:
	VMOVAPS Z26, Z0
	VMOVAPS Z26, Z1
	MOVQ SI, BX
	MOVQ R9, CX
	TESTQ R14, R14
	JZ   plain
	MOVQ R14, DX
	ADDQ 32(R15), R14
	TESTQ CX, CX
	JZ   biasedLeft

biased:
	VMOVUPS (DX), Z3
	VMOVUPS 64(DX), Z4
	VFMADD231PS (BX), Z23, Z3
	VFMADD231PS 64(BX), Z23, Z4
	VMOVUPS Z3, (BX)
	VMOVUPS Z4, 64(BX)
	VMAXPS Z3, Z0, Z0
	VMAXPS Z4, Z1, Z1
	SUBQ $-128, BX
	SUBQ $-128, DX
	DECQ CX
	JNZ  biased

biasedLeft:
	TESTQ R13, R13
	JZ    fold
	VMOVUPS.Z (DX), K1, Z3
	VMOVUPS.Z 64(DX), K2, Z4
	VFMADD231PS (BX), Z23, Z3
	VFMADD231PS 64(BX), Z23, Z4
	VMOVUPS Z3, (BX)
	VMOVUPS Z4, 64(BX)
	VMAXPS Z3, Z0, K1, Z0
	VMAXPS Z4, Z1, K2, Z1
	JMP  fold

plain:
	TESTQ CX, CX
	JZ   largestLeft

largest:
	VMAXPS (BX), Z0, Z0
	VMAXPS 64(BX), Z1, Z1
	SUBQ $-128, BX
	DECQ CX
	JNZ  largest

largestLeft:
	TESTQ R13, R13
	JZ    fold
	VMAXPS (BX), Z0, K1, Z0
	VMAXPS 64(BX), Z1, K2, Z1

fold:
	VMAXPS Z1, Z0, Z0
	FOLD16(VMAXPS, Z0, Y0, X0, Y1, X1)
	VXORPS X9, X9, X9
	VXORPS X10, X10, X10
	MOVQ SI, BX
	MOVQ DI, DX
	MOVQ R9, CX
	TESTQ CX, CX
	JZ   left

numbers:
	POWERS
	VADDPS Z5, Z9, Z9
	VADDPS Z8, Z10, Z10
	VCVTNE2PS2BF16(5, 8, 5)
	VMOVDQU64 Z5, (DX)
	SUBQ $-128, BX
	ADDQ $64, DX
	DECQ CX
	JNZ  numbers

left:
	TESTQ R13, R13
	JZ    sum
	POWERS
	VMOVAPS.Z Z5, K1, Z5
	VMOVAPS.Z Z8, K2, Z8
	VADDPS Z5, Z9, Z9
	VADDPS Z8, Z10, Z10
	VCVTNE2PS2BF16(5, 8, 5)
	VMOVDQU64 Z5, (DX)

sum:
	VADDPS Z10, Z9, Z9
	FOLD16(VADDPS, Z9, Y9, X9, Y1, X1)
	VDIVSS X9, X25, X9
	VMULSS X24, X0, X0
	VMOVSS X0, (R12)
	VMOVSS X9, 4(R12)
	ADDQ R8, SI
	ADDQ R11, DI
	ADDQ $8, R12
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// AGAIN sets 16 scores to their probabilities and adds p*dp to Z3.
#define AGAIN(k) \
	VMOVUPS.Z (BX)(R13*4), k, Z4;       \
	VFMADD231PS (SI)(R13*4), Z21, Z4;   \
	VFNMADD213PS Z17, Z25, Z4;          \
	POW2(Z4, Z5, Z6);                   \
	VMULPS.Z Z16, Z4, k, Z4;            \
	VMOVUPS Z4, (SI)(R13*4);            \
	VFMADD231PS (DX)(R13*4), Z4, Z3

// GRADIENT sets 16 gradients: what dbias gets, then of the product alone.
#define GRADIENT(k) \
	VMOVUPS (SI)(R13*4), Z0;            \
	VMOVUPS (DX)(R13*4), Z1;            \
	VSUBPS Z3, Z1, Z1;                  \
	VMULPS Z0, Z1, Z1;                  \
	VADDPS.Z (R12)(R13*4), Z1, k, Z5;   \
	VMOVUPS Z5, k, (R12)(R13*4);        \
	VMULPS Z21, Z1, Z1;                 \
	VCVTNEPS2BF16(0, 4);                \
	VMOVDQU Y4, (DI)(R13*2);            \
	VCVTNEPS2BF16(1, 4);                \
	VMOVDQU Y4, (AX)(R13*2)

// ROW runs a step for all numbers of a row: K3 is full, K2 the last numbers' mask.
#define ROW(STEP, loop, left, done) \
	XORQ R13, R13; \
	MOVQ R9, CX;   \
	SHRQ $4, CX;   \
	JZ   left;     \
loop:              \
	STEP(K3);      \
	ADDQ $16, R13; \
	DECQ CX;       \
	JNZ  loop;     \
left:              \
	TESTQ $15, R9; \
	JZ   done;     \
	STEP(K2);      \
done:

// func softmaxGradBF16AVX512(args *softmaxArgs)
//
// Probabilities in place of s, then their gradients' sum, then the gradients.
TEXT ·softmaxGradBF16AVX512(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), AX
	MOVQ 0(AX), SI
	MOVQ 8(AX), DX
	MOVQ 16(AX), R8
	MOVQ 24(AX), BX
	MOVQ 32(AX), R10
	MOVQ 40(AX), R11
	MOVQ 48(AX), R15
	MOVQ 56(AX), R9
	MOVQ 64(AX), DI
	MOVQ 72(AX), R14
	MOVQ 80(AX), R12
	VBROADCASTSS 96(AX), Z21
	MOVQ 88(AX), AX
	ROW_MASKS(R9)
	SIGMOID_LOAD

row:
	VMULPS.BCST (R11), Z25, Z17 // -top/ln 2
	VBROADCASTSS 4(R11), Z16
	VPXORD Z3, Z3, Z3
	ROW(AGAIN, again, againLeft, againDone)
	FOLD16(VADDPS, Z3, Y3, X3, Y4, X4)
	ROW(GRADIENT, gradient, gradientLeft, gradientDone)
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

// func scaleRoundAVX512(dst *BF16, dstRow int, x, stats *float32, rows, n int)
TEXT ·scaleRoundAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ dstRow+8(FP), R8
	MOVQ x+16(FP), SI
	MOVQ stats+24(FP), BX
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R9

row:
	VBROADCASTSS 4(BX), Z2
	XORQ CX, CX

numbers:
	VMULPS (SI), Z2, Z0
	VMULPS 64(SI), Z2, Z1
	VCVTNE2PS2BF16(0, 1, 0)
	VMOVDQU64 Z0, (DI)(CX*2)
	SUBQ $-128, SI
	ADDQ $32, CX
	CMPQ CX, R9
	JLT  numbers
	ADDQ R8, DI
	ADDQ $8, BX
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET
