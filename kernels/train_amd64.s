//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "exp_amd64.h"

// A row of n floats is walked in vectors of 16: R13 is the index, CX the
// vectors left, K1 the mask of the current one, K2 that of the last.
#define ROW_MASKS(n) \
	MOVQ n, CX;        \
	ANDQ $15, CX;      \
	MOVQ $1, R13;      \
	SHLQ CX, R13;      \
	DECQ R13;          \
	MOVQ $0xffff, CX;  \
	KMOVW CX, K3;      \
	TESTQ R13, R13;    \
	CMOVQEQ CX, R13;   \
	KMOVW R13, K2

#define ROW_BEGIN(n) \
	LEAQ 15(n), CX; \
	SHRQ $4, CX;    \
	XORQ R13, R13

#define ROW_MASK \
	KMOVW K3, K1;  \
	CMPQ CX, $1;   \
	JNE 2(PC);     \
	KMOVW K2, K1

#define ROW_NEXT(label) \
	ADDQ $16, R13; \
	DECQ CX;       \
	JNZ label

// func residualNormAVX512(y, inv, x, a *float32, rows, n int, eps float32)
TEXT ·residualNormAVX512(SB), NOSPLIT, $0-52
	MOVQ y+0(FP), DI
	MOVQ inv+8(FP), DX
	MOVQ x+16(FP), SI
	MOVQ a+24(FP), BX
	MOVQ rows+32(FP), R8
	MOVQ n+40(FP), R9
	ROW_MASKS(R9)
	VCVTSI2SSQ R9, X10, X10
	VMOVSS eps+48(FP), X11
	MOVL $0x3f800000, AX
	VMOVD AX, X12
row:
	VPXORD Z1, Z1, Z1
	ROW_BEGIN(R9)
sum:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VMOVUPS.Z (BX)(R13*4), K1, Z2
	VADDPS Z2, Z0, Z0
	VMOVUPS Z0, K1, (DI)(R13*4)
	VFMADD231PS Z0, Z0, Z1
	ROW_NEXT(sum)
	FOLD16(VADDPS, Z1, Y1, X1, Y2, X2)
	VDIVSS X10, X1, X1
	VADDSS X11, X1, X1
	VSQRTSS X1, X1, X1
	VDIVSS X1, X12, X1
	VMOVSS X1, (DX)
	VBROADCASTSS X1, Z1
	ROW_BEGIN(R9)
scale:
	ROW_MASK
	VMULPS.Z (DI)(R13*4), Z1, K1, Z0
	VMOVUPS Z0, K1, (DI)(R13*4)
	ROW_NEXT(scale)
	LEAQ (DI)(R9*4), DI
	LEAQ (SI)(R9*4), SI
	LEAQ (BX)(R9*4), BX
	ADDQ $4, DX
	DECQ R8
	JNZ row
	VZEROUPPER
	RET

// func residualNormBackAVX512(ds, dy, y, inv *float32, rows, n int)
TEXT ·residualNormBackAVX512(SB), NOSPLIT, $0-48
	MOVQ ds+0(FP), DI
	MOVQ dy+8(FP), SI
	MOVQ y+16(FP), BX
	MOVQ inv+24(FP), DX
	MOVQ rows+32(FP), R8
	MOVQ n+40(FP), R9
	ROW_MASKS(R9)
	VCVTSI2SSQ R9, X10, X10
row:
	VPXORD Z1, Z1, Z1
	ROW_BEGIN(R9)
sum:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VMOVUPS.Z (BX)(R13*4), K1, Z2
	VFMADD231PS Z0, Z2, Z1
	ROW_NEXT(sum)
	FOLD16(VADDPS, Z1, Y1, X1, Y2, X2)
	VDIVSS X10, X1, X1
	VBROADCASTSS X1, Z1
	VBROADCASTSS (DX), Z3
	ROW_BEGIN(R9)
grad:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0
	VMOVUPS.Z (BX)(R13*4), K1, Z2
	VFNMADD231PS Z2, Z1, Z0
	VMULPS Z3, Z0, Z0
	VMOVUPS Z0, K1, (DI)(R13*4)
	ROW_NEXT(grad)
	LEAQ (DI)(R9*4), DI
	LEAQ (SI)(R9*4), SI
	LEAQ (BX)(R9*4), BX
	ADDQ $4, DX
	DECQ R8
	JNZ row
	VZEROUPPER
	RET

// func swiGLUBackAVX512(dGateUp, dAct, gateUp *float32, rows, n int)
TEXT ·swiGLUBackAVX512(SB), NOSPLIT, $0-40
	MOVQ dGateUp+0(FP), DI
	MOVQ dAct+8(FP), DX
	MOVQ gateUp+16(FP), SI
	MOVQ rows+24(FP), R8
	MOVQ n+32(FP), R9
	ROW_MASKS(R9)
	EXP_LOAD
	VPXORD Z19, Z19, Z19
	LEAQ (SI)(R9*4), BX   // up
	LEAQ (DI)(R9*4), R10  // dUp
row:
	ROW_BEGIN(R9)
loop:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0   // gate
	VMOVUPS.Z (BX)(R13*4), K1, Z1   // up
	VMOVUPS.Z (DX)(R13*4), K1, Z2   // dAct
	VSUBPS Z0, Z19, Z3
	EXP(Z3, Z4, Z5)
	VADDPS Z22, Z3, Z3
	VDIVPS Z3, Z22, Z3              // s
	VMULPS Z3, Z2, Z2               // dAct * s
	VSUBPS Z3, Z22, Z4
	VFMADD213PS Z22, Z0, Z4         // 1 + gate*(1-s)
	VMULPS Z1, Z2, Z1
	VMULPS Z4, Z1, Z1
	VMULPS Z0, Z2, Z2
	VMOVUPS Z1, K1, (DI)(R13*4)
	VMOVUPS Z2, K1, (R10)(R13*4)
	ROW_NEXT(loop)
	LEAQ (SI)(R9*8), SI
	LEAQ (BX)(R9*8), BX
	LEAQ (DI)(R9*8), DI
	LEAQ (R10)(R9*8), R10
	LEAQ (DX)(R9*4), DX
	DECQ R8
	JNZ row
	VZEROUPPER
	RET
