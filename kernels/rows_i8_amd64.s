//go:build !purego

#include "textflag.h"

// The sum or the maximum of the four words of X0, in AX.
#define REDUCE4(op) \
	VPSHUFD $0x4e, X0, X1; \
	op      X1, X0, X0; \
	VPSHUFD $0xb1, X0, X1; \
	op      X1, X0, X0; \
	VMOVD   X0, AX

#define REDUCE8(op) \
	VEXTRACTI128 $1, Y0, X1; \
	op X1, X0, X0; \
	REDUCE4(op)

#define REDUCE16(op) \
	VEXTRACTI64X4 $1, Z0, Y1; \
	op Y1, Y0, Y0; \
	REDUCE8(op)

// func maxAbsAVX512(row *float32, n int) uint32
TEXT ·maxAbsAVX512(SB), NOSPLIT, $0-20
	MOVQ row+0(FP), SI
	MOVQ n+8(FP), CX
	MOVL $0x7fffffff, AX
	VPBROADCASTD AX, Z2
	VPXORD Z0, Z0, Z0

loopMax512:
	VPANDD  (SI), Z2, Z1
	VPMAXUD Z1, Z0, Z0
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  loopMax512
	REDUCE16(VPMAXUD)
	VZEROUPPER
	MOVL AX, ret+16(FP)
	RET

// func roundRowAVX512(q *int8, row *float32, n int, inverse float32) int32
TEXT ·roundRowAVX512(SB), NOSPLIT, $0-36
	MOVQ q+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Z2
	VPXORD Z0, Z0, Z0

loopRound512:
	VMULPS    (SI), Z2, Z1
	VCVTPS2DQ Z1, Z1
	VPADDD    Z1, Z0, Z0
	VPMOVDB   Z1, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	SUBQ $16, CX
	JNZ  loopRound512
	REDUCE16(VPADDD)
	VZEROUPPER
	MOVL AX, ret+32(FP)
	RET

// func maxAbsAVX2(row *float32, n int) uint32
TEXT ·maxAbsAVX2(SB), NOSPLIT, $0-20
	MOVQ row+0(FP), SI
	MOVQ n+8(FP), CX
	VPCMPEQD Y2, Y2, Y2
	VPSRLD $1, Y2, Y2
	VPXOR Y0, Y0, Y0

loopMax2:
	VPAND   (SI), Y2, Y1
	VPMAXUD Y1, Y0, Y0
	VPAND   32(SI), Y2, Y1
	VPMAXUD Y1, Y0, Y0
	ADDQ $64, SI
	SUBQ $16, CX
	JNZ  loopMax2
	REDUCE8(VPMAXUD)
	VZEROUPPER
	MOVL AX, ret+16(FP)
	RET

// func roundRowAVX2(q *int8, row *float32, n int, inverse float32) int32
TEXT ·roundRowAVX2(SB), NOSPLIT, $0-36
	MOVQ q+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS inverse+24(FP), Y2
	VPXOR Y0, Y0, Y0

loopRound2:
	VMULPS    (SI), Y2, Y1
	VMULPS    32(SI), Y2, Y3
	VCVTPS2DQ Y1, Y1
	VCVTPS2DQ Y3, Y3
	VPADDD    Y1, Y0, Y0
	VPADDD    Y3, Y0, Y0
	VPACKSSDW Y3, Y1, Y1         // in each half four of Y1, four of Y3
	VPERMQ    $0xd8, Y1, Y1
	VEXTRACTI128 $1, Y1, X3
	VPACKSSWB X3, X1, X1
	VMOVDQU   X1, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	SUBQ $16, CX
	JNZ  loopRound2
	REDUCE8(VPADDD)
	VZEROUPPER
	MOVL AX, ret+32(FP)
	RET
