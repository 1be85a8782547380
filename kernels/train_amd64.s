//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "rows_amd64.h"
#include "exp_amd64.h"

// SIGMOID sets s = 1/(1 + e^-gate) by a reciprocal and one Newton step, with
// 0 in Z19 and 2 in Z18; it uses n and p.
#define SIGMOID(gate, s, n, p) \
	VSUBPS gate, Z19, s;     \
	EXP(s, n, p);            \
	VADDPS Z22, s, s;        \
	VRCP14PS s, n;           \
	VFNMADD213PS Z18, n, s;  \
	VMULPS n, s, s

// func residualNormAVX512(y *float32, rounded *BF16, inv, x, a *float32, rows, n int, eps float32)
TEXT ·residualNormAVX512(SB), NOSPLIT, $0-60
	MOVQ y+0(FP), DI
	MOVQ rounded+8(FP), R10
	MOVQ inv+16(FP), DX
	MOVQ x+24(FP), SI
	MOVQ a+32(FP), BX
	MOVQ rows+40(FP), R8
	MOVQ n+48(FP), R9
	ROW_MASKS(R9)
	VCVTSI2SSQ R9, X10, X10
	VMOVSS eps+56(FP), X11
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
	TESTQ R10, R10
	JEQ scaled
	VCVTNEPS2BF16(0, 2)
	VMOVDQU16 Y2, K1, (R10)(R13*2)
scaled:
	ROW_NEXT(scale)
	LEAQ (DI)(R9*4), DI
	LEAQ (SI)(R9*4), SI
	LEAQ (BX)(R9*4), BX
	ADDQ $4, DX
	TESTQ R10, R10
	JEQ next
	LEAQ (R10)(R9*2), R10
next:
	DECQ R8
	JNZ row
	VZEROUPPER
	RET

// func residualNormBackAVX512(ds *float32, rounded *BF16, dy, y, inv *float32, rows, n int)
TEXT ·residualNormBackAVX512(SB), NOSPLIT, $0-56
	MOVQ ds+0(FP), DI
	MOVQ rounded+8(FP), R10
	MOVQ dy+16(FP), SI
	MOVQ y+24(FP), BX
	MOVQ inv+32(FP), DX
	MOVQ rows+40(FP), R8
	MOVQ n+48(FP), R9
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
	TESTQ R10, R10
	JEQ stored
	VCVTNEPS2BF16(0, 2)
	VMOVDQU16 Y2, K1, (R10)(R13*2)
stored:
	ROW_NEXT(grad)
	LEAQ (DI)(R9*4), DI
	LEAQ (SI)(R9*4), SI
	LEAQ (BX)(R9*4), BX
	ADDQ $4, DX
	TESTQ R10, R10
	JEQ next
	LEAQ (R10)(R9*2), R10
next:
	DECQ R8
	JNZ row
	VZEROUPPER
	RET

// func swiGLUAVX512(act, gate, up *float32, n int)
TEXT ·swiGLUAVX512(SB), NOSPLIT, $0-32
	MOVQ act+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX
	EXP_LOAD
	VPXORD Z19, Z19, Z19
	VADDPS Z22, Z22, Z18
	XORQ R13, R13
loop:
	VMOVUPS (SI)(R13*4), Z0
	SIGMOID(Z0, Z3, Z4, Z5)
	VMULPS Z3, Z0, Z0
	VMULPS (BX)(R13*4), Z0, Z0
	VMOVUPS Z0, (DI)(R13*4)
	ADDQ $16, R13
	CMPQ R13, CX
	JLT loop
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
	VADDPS Z22, Z22, Z18
	LEAQ (SI)(R9*4), BX   // up
	LEAQ (DI)(R9*4), R10  // dUp
row:
	ROW_BEGIN(R9)
loop:
	ROW_MASK
	VMOVUPS.Z (SI)(R13*4), K1, Z0   // gate
	VMOVUPS.Z (BX)(R13*4), K1, Z1   // up
	VMOVUPS.Z (DX)(R13*4), K1, Z2   // dAct
	SIGMOID(Z0, Z3, Z4, Z5)
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
