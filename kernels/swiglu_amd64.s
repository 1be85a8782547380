//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "rows_amd64.h"
#include "exp_amd64.h"

// func swiGLUAVX512(act, gate, up *float32, n int)
TEXT ·swiGLUAVX512(SB), NOSPLIT, $0-32
	MOVQ act+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), BX
	MOVQ n+24(FP), CX
	SIGMOID_LOAD
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

// func swiGLUPanelsAVX512(act, gateUp *float32, n int)
TEXT ·swiGLUPanelsAVX512(SB), NOSPLIT, $0-24
	MOVQ act+0(FP), DI
	MOVQ gateUp+8(FP), SI
	MOVQ n+16(FP), CX
	SIGMOID_LOAD
loop:
	VMOVUPS (SI), Z0
	SIGMOID(Z0, Z3, Z4, Z5)
	VMULPS Z3, Z0, Z0
	VMULPS 64(SI), Z0, Z0
	VMOVUPS Z0, (DI)
	ADDQ $128, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ loop
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
	SIGMOID_LOAD
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

#define LOAD_BF16(mem, z) \
	VPMOVZXWD.Z mem, K1, z; \
	VPSLLD $16, z, z

// func swiGLUBF16AVX512(act, gateUp *BF16, rows, n int)
TEXT ·swiGLUBF16AVX512(SB), NOSPLIT, $0-32
	MOVQ act+0(FP), DI
	MOVQ gateUp+8(FP), SI
	MOVQ rows+16(FP), R8
	MOVQ n+24(FP), R9
	ROW_MASKS(R9)
	SWIGLU_LOAD
row:
	LEAQ (SI)(R9*2), BX
	ROW_BEGIN(R9)
loop:
	ROW_MASK
	LOAD_BF16((SI)(R13*2), Z0)
	LOAD_BF16((BX)(R13*2), Z1)
	SWIGLU
	VMOVDQU16 Y0, K1, (DI)(R13*2)
	ROW_NEXT(loop)
	LEAQ (SI)(R9*4), SI
	LEAQ (DI)(R9*2), DI
	DECQ R8
	JNZ row
	VZEROUPPER
	RET

// func swiGLUBackBF16AVX512(dGateUp, act, dAct, gateUp *BF16, rows, n int)
TEXT ·swiGLUBackBF16AVX512(SB), NOSPLIT, $0-48
	MOVQ dGateUp+0(FP), DI
	MOVQ act+8(FP), R11
	MOVQ dAct+16(FP), DX
	MOVQ gateUp+24(FP), SI
	MOVQ rows+32(FP), R8
	MOVQ n+40(FP), R9
	ROW_MASKS(R9)
	SIGMOID_LOAD
row:
	LEAQ (SI)(R9*2), BX
	LEAQ (DI)(R9*2), R10
	ROW_BEGIN(R9)
loop:
	ROW_MASK
	LOAD_BF16((SI)(R13*2), Z0)      // gate
	LOAD_BF16((BX)(R13*2), Z1)      // up
	LOAD_BF16((DX)(R13*2), Z2)      // dAct
	SIGMOID(Z0, Z3, Z4, Z5)
	VMULPS Z1, Z0, Z6
	VMULPS Z3, Z6, Z6               // act
	VCVTNEPS2BF16(6, 7)
	VMOVDQU16 Y7, K1, (R11)(R13*2)
	VMULPS Z3, Z2, Z2               // dAct * s
	VSUBPS Z3, Z22, Z4
	VFMADD213PS Z22, Z0, Z4         // 1 + gate*(1-s)
	VMULPS Z1, Z2, Z1
	VMULPS Z4, Z1, Z1
	VMULPS Z0, Z2, Z2
	VCVTNEPS2BF16(1, 4)
	VCVTNEPS2BF16(2, 5)
	VMOVDQU16 Y4, K1, (DI)(R13*2)
	VMOVDQU16 Y5, K1, (R10)(R13*2)
	ROW_NEXT(loop)
	LEAQ (SI)(R9*4), SI
	LEAQ (DI)(R9*4), DI
	LEAQ (DX)(R9*2), DX
	LEAQ (R11)(R9*2), R11
	DECQ R8
	JNZ row
	VZEROUPPER
	RET
