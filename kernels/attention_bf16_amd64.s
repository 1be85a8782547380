//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "rows_amd64.h"
#include "exp_amd64.h"

// SCORE sets Z0 to scale*s + bias; K4 masks a bias that may be missing.
#define SCORE \
	VMOVUPS.Z (SI)(R13*4), K1, Z0;   \
	KANDW K1, K5, K4;                \
	VMOVUPS.Z (BX)(R13*4), K4, Z4;   \
	VFMADD213PS Z4, Z19, Z0

#define SOFTMAX_ARGS \
	MOVQ args+0(FP), AX; \
	MOVQ 0(AX), SI;      \
	MOVQ 8(AX), DX;      \
	MOVQ 16(AX), R8;     \
	MOVQ 24(AX), BX;     \
	MOVQ 32(AX), R10;    \
	MOVQ 40(AX), R11;    \
	MOVQ 48(AX), R12;    \
	MOVQ 56(AX), R15;    \
	MOVQ 64(AX), R9;     \
	ROW_MASKS(R9);       \
	VBROADCASTSS 136(AX), Z19; \
	MOVL 112(AX), CX;    \
	KMOVW CX, K5

// GRAD_ROW sets d = p*(dp - delta) and adds it to a row of dbias.
#define GRAD_ROW(p, delta, d, dbias) \
	VSUBPS delta, d, d;            \
	VMULPS p, d, d;                \
	KANDW K1, K5, K4;              \
	VADDPS.Z (dbias)(R13*4), d, K4, Z5; \
	VMOVUPS Z5, K4, (dbias)(R13*4)

// func pairRowsAVX512(dst, lo, hi *BF16, n int)
TEXT ·pairRowsAVX512(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ lo+8(FP), SI
	MOVQ hi+16(FP), DX
	MOVQ n+24(FP), CX
	VMOVDQU64 pairOrder<>(SB), Z3
loop:
	VMOVDQU (SI), Y0
	VINSERTI64X4 $1, (DX), Z0, Z0
	VPERMW Z0, Z3, Z0
	VMOVDQU64 Z0, (DI)
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ loop
	VZEROUPPER
	RET

// func packKeysAVX512(dst, src *BF16, srcRow, rows, quads int)
TEXT ·packKeysAVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ srcRow+16(FP), R8
	MOVQ rows+24(FP), R9
	MOVQ quads+32(FP), R10
row:
	MOVQ SI, AX
	MOVQ DI, BX
	MOVQ R10, CX
quad:
	MOVQ (AX), DX
	MOVQ 8(AX), R11
	MOVL DX, (BX)
	SHRQ $32, DX
	MOVL DX, 128(BX)
	MOVL R11, 256(BX)
	SHRQ $32, R11
	MOVL R11, 384(BX)
	ADDQ $16, AX
	ADDQ $512, BX
	DECQ CX
	JNZ quad
	ADDQ R8, SI
	ADDQ $4, DI
	DECQ R9
	JNZ row
	RET

// func softmaxAVX512(args *softmaxArgs)
TEXT ·softmaxAVX512(SB), NOSPLIT, $0-8
	SOFTMAX_ARGS
	EXP_LOAD
	MOVQ 72(AX), DI
	MOVQ 80(AX), DX
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

// func softmaxAgainAVX512(args *softmaxArgs)
TEXT ·softmaxAgainAVX512(SB), NOSPLIT, $0-8
	SOFTMAX_ARGS
	EXP_LOAD
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
	VMOVSS X3, (R12)
	ADDQ R8, SI
	ADDQ R8, DX
	ADDQ R10, BX
	ADDQ $8, R11
	ADDQ $4, R12
	DECQ R15
	JNZ row
	VZEROUPPER
	RET

// func softmaxGradAVX512(args *softmaxArgs)
//
// Two rows at a time: SI and R14 probabilities, DX and R11 gradients of the
// probabilities, BX and R12 rows of dbias, DI and R10 outputs in pairs, AX and
// R15 output rows. K6 masks the second row, K7 holds K1 of it.
TEXT ·softmaxGradAVX512(SB), NOSPLIT, $0-8
	SOFTMAX_ARGS
	VMOVDQU64 pairOrder<>(SB), Z31
	MOVL 140(AX), CX
	KMOVW CX, K6
	VBROADCASTSS (R12), Z16
	VBROADCASTSS 4(R12), Z17
	MOVQ 88(AX), BX
	MOVL 116(AX), CX
	KMOVW CX, K5
	LEAQ (BX)(R10*1), R12
	LEAQ (SI)(R8*1), R14
	LEAQ (DX)(R8*1), R11
	MOVQ 96(AX), DI
	MOVQ 104(AX), R10
	MOVQ 128(AX), R15
	MOVQ 120(AX), AX
	ADDQ AX, R15
	ROW_BEGIN(R9)
loop:
	ROW_MASK
	KANDW K1, K6, K7
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VMOVUPS.Z (DX)(R13*4), K1, Z2
	GRAD_ROW(Z0, Z16, Z2, BX)
	KMOVW K7, K1
	VMOVUPS.Z (R14)(R13*4), K1, Z1
	VMOVUPS.Z (R11)(R13*4), K1, Z3
	GRAD_ROW(Z1, Z17, Z3, R12)
	VCVTNE2PS2BF16(0, 1, 4)
	VPERMW Z4, Z31, Z4
	VMOVDQU64 Z4, (DI)(R13*4)
	VMULPS Z19, Z2, Z2
	VMULPS Z19, Z3, Z3
	VCVTNE2PS2BF16(2, 3, 4)
	VMOVDQU Y4, (AX)(R13*2)
	VEXTRACTI64X4 $1, Z4, (R15)(R13*2)
	VPERMW Z4, Z31, Z4
	VMOVDQU64 Z4, (R10)(R13*4)
	ROW_NEXT(loop)
	VZEROUPPER
	RET
