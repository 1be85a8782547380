//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "exp_amd64.h"
#include "exp2_fast_amd64.h"

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

// func powersAVX512(a *powersArgs)
//
// 32 numbers at a time; K1 and K2 are the masks of what is left of a row, if
// R13 is not 0.
TEXT ·powersAVX512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), SI
	MOVQ 8(R15), R8
	MOVQ 16(R15), DI
	MOVQ 24(R15), R11
	MOVQ 32(R15), R10
	MOVQ 40(R15), R9
	MOVQ 48(R15), R12
	VBROADCASTSS 56(R15), Z27
	FAST2_LOAD
	MOVL $0xff800000, AX
	VPBROADCASTD AX, Z26
	MOVL $0x3f800000, AX
	VMOVD AX, X25
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
	VMOVSS X9, (R12)
	ADDQ R8, SI
	ADDQ R11, DI
	ADDQ $4, R12
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// func scaleRoundAVX512(dst *BF16, dstRow int, x, by *float32, rows, n int)
TEXT ·scaleRoundAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ dstRow+8(FP), R8
	MOVQ x+16(FP), SI
	MOVQ by+24(FP), BX
	MOVQ rows+32(FP), R10
	MOVQ n+40(FP), R9

row:
	VBROADCASTSS (BX), Z2
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
	ADDQ $4, BX
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET
