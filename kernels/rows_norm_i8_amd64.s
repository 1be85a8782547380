//go:build !purego

#include "textflag.h"
#include "exp_amd64.h"
#include "rows_i8_amd64.h"

// ADD16 adds 16 numbers, their squares and the largest.
#define ADD16(at, square, top) \
	VMOVUPS at(DI), Z1; \
	VADDPS  at(SI), Z1, Z1; \
	VMOVUPS Z1, at(DI); \
	VFMADD231PS Z1, Z1, square; \
	VPANDD  Z1, Z16, Z1; \
	VPMAXUD Z1, top, top

// ADD adds a row of y to one of h and leaves in X4 what it is to be multiplied
// by, in X5 the largest that this gives, in X6 127/X5.
#define ADD(label) \
	LEAQ (DI)(R9*1), CX; \
	VPXORD Z0, Z0, Z0; \
	VPXORD Z21, Z21, Z21; \
	VPXORD Z22, Z22, Z22; \
	VPXORD Z23, Z23, Z23; \
	VPXORD Z3, Z3, Z3; \
	VPXORD Z24, Z24, Z24; \
label: \
	ADD16(0, Z0, Z3); \
	ADD16(64, Z21, Z24); \
	ADD16(128, Z22, Z3); \
	ADD16(192, Z23, Z24); \
	ADDQ $256, SI; \
	ADDQ $256, DI; \
	CMPQ DI, CX; \
	JLT  label; \
	VADDPS Z21, Z0, Z0; \
	VADDPS Z23, Z22, Z22; \
	VADDPS Z22, Z0, Z0; \
	VPMAXUD Z24, Z3, Z3; \
	FOLD16(VADDPS, Z0, Y0, X0, Y1, X1); \
	VDIVSS X18, X0, X0; \
	VADDSS X19, X0, X0; \
	VSQRTSS X0, X0, X0; \
	VDIVSS X0, X20, X4; \
	FOLD16(VPMAXUD, Z3, Y3, X3, Y2, X2); \
	VMULSS X4, X3, X5; \
	VDIVSS X5, X17, X6

// NORM16 multiplies 16 numbers and sets z to what they round to.
#define NORM16(at, z) \
	VMULPS    at(BX), Z10, z; \
	VMOVUPS   z, at(BX); \
	VMULPS    z, Z11, z; \
	VCVTPS2DQ z, z

// func addRMSNormI8AVX512(a *normArgs) int
//
// While a row waits for its norm, the one before is multiplied and rounded. DI
// and SI point at the rows of h and y that are added, BX and DX at those of h and q
// that are rounded; R10 rows are left to be added, R12 are done.
TEXT ·addRMSNormI8AVX512(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DX
	MOVQ 8(R15), R8
	MOVQ 16(R15), DI
	MOVQ 24(R15), SI
	MOVQ 32(R15), R10
	MOVQ 40(R15), R9
	MOVQ 48(R15), R13
	MOVQ 56(R15), R14
	VMOVSS 64(R15), X19
	MOVQ DI, BX
	MOVL $0x7fffffff, AX
	VPBROADCASTD AX, Z16
	MOVL $0x42fe0000, AX    // 127
	VMOVD AX, X17
	MOVL $0x3f800000, AX
	VMOVD AX, X20
	MOVL $0x01010101, AX
	VPBROADCASTD AX, Z15
	VMOVDQU64 wordOrder<>(SB), Z13
	MOVQ R9, AX
	SHRQ $2, AX
	VCVTSI2SSQ AX, X18, X18
	XORQ R12, R12
	ADD(first)

row:
	VBROADCASTSS X4, Z10
	IS_BAD(X6, bad)
	VBROADCASTSS X6, Z11
	VDIVSS X17, X5, X7
	VMOVSS X7, (R13)
	DECQ R10
	JZ   round
	ADD(following)

round:
	LEAQ (BX)(R9*1), CX
	MOVQ DX, R11
	VPXORD Z9, Z9, Z9

numbers:
	NORM16(0, Z1)
	NORM16(64, Z2)
	NORM16(128, Z7)
	NORM16(192, Z8)
	VPACKSSDW Z2, Z1, Z1
	VPACKSSDW Z8, Z7, Z7
	VPACKSSWB Z7, Z1, Z1
	VPERMD Z1, Z13, Z1
	VPDPBUSD Z1, Z15, Z9
	VMOVDQU64 Z1, (R11)
	ADDQ $256, BX
	ADDQ $64, R11
	CMPQ BX, CX
	JLT  numbers
	SHIFT(Z9, Y9, X9, Y2, X2)
	ADDQ R8, DX
	ADDQ $4, R13
	ADDQ $4, R14
	INCQ R12
	TESTQ R10, R10
	JNZ  row
	JMP  done

bad:
	LEAQ (BX)(R9*1), CX

scale:
	VMULPS  (BX), Z10, Z1
	VMOVUPS Z1, (BX)
	ADDQ $64, BX
	CMPQ BX, CX
	JLT  scale

done:
	VZEROUPPER
	MOVQ R12, ret+8(FP)
	RET

// EVEN and ODD make floats of every other of 32 BF16.
#define EVEN(mem, z) VPSLLD $16, mem, z
#define ODD(mem, z) VPANDD mem, Z14, z

// ROUND32 sets z to 32 words, the bf16 at mem by Z11 and rounded, and uses t.
#define ROUND32(mem, z, t) \
	EVEN(mem, z); \
	ODD(mem, t); \
	VMULPS Z11, z, z; \
	VMULPS Z11, t, t; \
	VCVTPS2DQ z, z; \
	VCVTPS2DQ t, t; \
	VPSLLD $16, t, t; \
	VMOVDQU16 z, K1, t; \
	VMOVDQA64 t, z

// func quantizeBF16AVX512(a *quantizeArgs) int
//
// The registers are those of quantizeRowsAVX512.
TEXT ·quantizeBF16AVX512(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DX
	MOVQ 8(R15), R8
	MOVQ 16(R15), BX
	MOVQ 24(R15), R9
	MOVQ 32(R15), R10
	MOVQ 40(R15), R11
	MOVQ 48(R15), R13
	MOVQ 56(R15), R14
	MOVL $0x7fff7fff, AX
	VPBROADCASTD AX, Z16
	MOVL $0x42fe0000, AX    // 127
	VMOVD AX, X17
	MOVL $0xffff0000, AX
	VPBROADCASTD AX, Z14
	MOVL $0x01010101, AX
	VPBROADCASTD AX, Z15
	MOVL $0x55555555, AX
	KMOVD AX, K1
	VMOVDQU64 byteOrder<>(SB), Z13
	XORQ R12, R12

row:
	CMPQ R12, R10
	JGE  done
	MOVQ BX, SI
	LEAQ (BX)(R11*1), CX
	VPXORD Z3, Z3, Z3

largest:
	VPANDD  (SI), Z16, Z1
	VPANDD  64(SI), Z16, Z2
	VPMAXUW Z1, Z3, Z3
	VPMAXUW Z2, Z3, Z3
	SUBQ $-128, SI
	CMPQ SI, CX
	JLT  largest
	VPSLLD  $16, Z3, Z2
	VPANDD  Z14, Z3, Z3
	VPMAXUD Z2, Z3, Z3
	FOLD16(VPMAXUD, Z3, Y3, X3, Y2, X2)
	VDIVSS X3, X17, X6
	IS_BAD(X6, done)
	VDIVSS X17, X3, X7
	VMOVSS X7, (R13)
	VBROADCASTSS X6, Z11
	VPXORD Z9, Z9, Z9
	MOVQ BX, SI
	MOVQ DX, DI

numbers:
	ROUND32((SI), Z0, Z1)
	ROUND32(64(SI), Z2, Z3)
	VPACKSSWB Z2, Z0, Z0
	VPERMQ Z0, Z13, Z0
	VPDPBUSD Z0, Z15, Z9
	VMOVDQU64 Z0, (DI)
	SUBQ $-128, SI
	ADDQ $64, DI
	CMPQ SI, CX
	JLT  numbers
	SHIFT(Z9, Y9, X9, Y2, X2)
	ADDQ R8, DX
	ADDQ R9, BX
	ADDQ $4, R13
	ADDQ $4, R14
	INCQ R12
	JMP  row

done:
	VZEROUPPER
	MOVQ R12, ret+8(FP)
	RET

// byteOrder brings the quarters that VPACKSSWB takes in turn from two vectors into
// their order.
DATA byteOrder<>+0(SB)/8, $0
DATA byteOrder<>+8(SB)/8, $2
DATA byteOrder<>+16(SB)/8, $4
DATA byteOrder<>+24(SB)/8, $6
DATA byteOrder<>+32(SB)/8, $1
DATA byteOrder<>+40(SB)/8, $3
DATA byteOrder<>+48(SB)/8, $5
DATA byteOrder<>+56(SB)/8, $7
GLOBL byteOrder<>(SB), RODATA|NOPTR, $64

// wordOrder brings the groups of four bytes that two packings take in turn from four
// vectors into their order.
DATA wordOrder<>+0(SB)/8, $0x0000000400000000
DATA wordOrder<>+8(SB)/8, $0x0000000c00000008
DATA wordOrder<>+16(SB)/8, $0x0000000500000001
DATA wordOrder<>+24(SB)/8, $0x0000000d00000009
DATA wordOrder<>+32(SB)/8, $0x0000000600000002
DATA wordOrder<>+40(SB)/8, $0x0000000e0000000a
DATA wordOrder<>+48(SB)/8, $0x0000000700000003
DATA wordOrder<>+56(SB)/8, $0x0000000f0000000b
GLOBL wordOrder<>(SB), RODATA|NOPTR, $64
