//go:build !purego

#include "textflag.h"

// Row kernels with exponentials, eight numbers at a time. n is a multiple of 8
// and not 0.

// The constants of exp_generic.go, eight times each.
#define EIGHT(name, bits) \
	DATA name<>+0(SB)/8, $bits; \
	DATA name<>+8(SB)/8, $bits; \
	DATA name<>+16(SB)/8, $bits; \
	DATA name<>+24(SB)/8, $bits; \
	GLOBL name<>(SB), RODATA|NOPTR, $32

EIGHT(expMin, 0xc2aeac4fc2aeac4f) // -87.33654
EIGHT(expMax, 0x42b00f3442b00f34) // 88.02969
EIGHT(expLog2e, 0x3fb8aa3b3fb8aa3b) // 1.44269504
EIGHT(expHalf, 0x3f0000003f000000) // 0.5
EIGHT(expLn2Hi, 0x3f3180003f318000) // 0.693359375
EIGHT(expLn2Lo, 0xb95e8083b95e8083) // -0.00021219444
EIGHT(expC3, 0x3e2aaaaa3e2aaaaa) // 0.16666665459
EIGHT(expC4, 0x3d2aa9c13d2aa9c1) // 0.041665795894
EIGHT(expC5, 0x3c0889083c088908) // 0.0083334519073
EIGHT(expC6, 0x3ab743ce3ab743ce) // 0.0013981999507
EIGHT(expC7, 0x3950696739506967) // 0.000198756915
EIGHT(expOne, 0x3f8000003f800000) // 1.0

// EXP sets x = e^x. Y14 and Y15 hold the limits of x, as first operands so that
// a NaN stays one.
#define EXP_LIMITS \
	VMOVUPS expMin<>(SB), Y14; \
	VMOVUPS expMax<>(SB), Y15

#define EXP(x, n, p) \
	VMAXPS x, Y14, x; \
	VMINPS x, Y15, x; \
	VMOVUPS expHalf<>(SB), n; \
	VFMADD231PS expLog2e<>(SB), x, n; \
	VROUNDPS $9, n, n; \
	VFNMADD231PS expLn2Hi<>(SB), n, x; \
	VFNMADD231PS expLn2Lo<>(SB), n, x; \
	VCVTPS2DQ n, n; \
	VPSLLD $23, n, n; \
	VMOVUPS expC7<>(SB), p; \
	VFMADD213PS expC6<>(SB), x, p; \
	VFMADD213PS expC5<>(SB), x, p; \
	VFMADD213PS expC4<>(SB), x, p; \
	VFMADD213PS expC3<>(SB), x, p; \
	VFMADD213PS expHalf<>(SB), x, p; \
	VFMADD213PS expOne<>(SB), x, p; \
	VFMADD213PS expOne<>(SB), x, p; \
	VPADDD n, p, x

// FOLD combines the eight numbers of Y0 into X0 with op.
#define FOLD(op) \
	VEXTRACTF128 $1, Y0, X1; \
	op X1, X0, X0; \
	VMOVHLPS X0, X0, X1; \
	op X1, X0, X0; \
	VMOVSHDUP X0, X1; \
	op X1, X0, X0

// GATE sets act to eight numbers of silu(gate) * up; Y13 is 0.
#define GATE(gate, up, act) \
	VMOVUPS gate, Y3; \
	VSUBPS  Y3, Y13, Y0; \
	EXP(Y0, Y1, Y2); \
	VADDPS  expOne<>(SB), Y0, Y0; \
	VDIVPS  Y0, Y3, Y3; \
	VMULPS  up, Y3, Y3; \
	VMOVUPS Y3, act

// func swiGLUPanelsAVX2(act, gateUp *float32, n int)
TEXT ·swiGLUPanelsAVX2(SB), NOSPLIT, $0-24
	MOVQ act+0(FP), DI
	MOVQ gateUp+8(FP), SI
	MOVQ n+16(FP), CX
	EXP_LIMITS
	VXORPS Y13, Y13, Y13

panel:
	GATE((SI), 64(SI), (DI))
	GATE(32(SI), 96(SI), 32(DI))
	SUBQ $-128, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JNZ  panel
	VZEROUPPER
	RET

// func swiGLUAVX2(act, gate, up *float32, n int)
TEXT ·swiGLUAVX2(SB), NOSPLIT, $0-32
	MOVQ act+0(FP), DI
	MOVQ gate+8(FP), SI
	MOVQ up+16(FP), DX
	MOVQ n+24(FP), CX
	EXP_LIMITS
	VXORPS Y13, Y13, Y13

swiglu:
	GATE((SI), (DX), (DI))
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     swiglu
	VZEROUPPER
	RET

// func swiGLUBackAVX2(dGate, dUp, dAct, gate, up *float32, n int)
TEXT ·swiGLUBackAVX2(SB), NOSPLIT, $0-48
	MOVQ dGate+0(FP), DI
	MOVQ dUp+8(FP), R8
	MOVQ dAct+16(FP), DX
	MOVQ gate+24(FP), SI
	MOVQ up+32(FP), BX
	MOVQ n+40(FP), CX
	EXP_LIMITS
	VXORPS Y13, Y13, Y13
	VMOVUPS expOne<>(SB), Y4

swigluback:
	VMOVUPS (SI), Y3
	VSUBPS  Y3, Y13, Y0
	EXP(Y0, Y1, Y2)
	VADDPS  Y4, Y0, Y0
	VDIVPS  Y0, Y4, Y0      // s
	VMULPS  (DX), Y0, Y5    // dAct * s
	VSUBPS  Y0, Y4, Y0
	VFMADD213PS Y4, Y3, Y0  // 1 + gate*(1-s)
	VMULPS  (BX), Y5, Y6
	VMULPS  Y0, Y6, Y6
	VMULPS  Y3, Y5, Y5
	VMOVUPS Y6, (DI)
	VMOVUPS Y5, (R8)
	ADDQ    $32, SI
	ADDQ    $32, BX
	ADDQ    $32, DX
	ADDQ    $32, DI
	ADDQ    $32, R8
	SUBQ    $8, CX
	JNZ     swigluback
	VZEROUPPER
	RET

// func scaleMaxAVX2(s *float32, scale float32, n int) float32
TEXT ·scaleMaxAVX2(SB), NOSPLIT, $0-28
	MOVQ s+0(FP), DI
	VBROADCASTSS scale+8(FP), Y2
	MOVQ n+16(FP), CX
	VMULPS (DI), Y2, Y0

scalemax:
	VMULPS  (DI), Y2, Y1
	VMOVUPS Y1, (DI)
	VMAXPS  Y1, Y0, Y0
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     scalemax
	FOLD(VMAXPS)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET

// func scaleBiasMaxAVX2(s, bias *float32, scale float32, n int) float32
TEXT ·scaleBiasMaxAVX2(SB), NOSPLIT, $0-36
	MOVQ s+0(FP), DI
	MOVQ bias+8(FP), SI
	VBROADCASTSS scale+16(FP), Y2
	MOVQ n+24(FP), CX
	VMOVUPS (SI), Y0
	VFMADD231PS (DI), Y2, Y0

scalebiasmax:
	VMOVUPS (SI), Y1
	VFMADD231PS (DI), Y2, Y1
	VMOVUPS Y1, (DI)
	VMAXPS  Y1, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     scalebiasmax
	FOLD(VMAXPS)
	VMOVSS X0, ret+32(FP)
	VZEROUPPER
	RET

// func expSumAVX2(s *float32, top float32, n int) float32
TEXT ·expSumAVX2(SB), NOSPLIT, $0-28
	MOVQ s+0(FP), DI
	VBROADCASTSS top+8(FP), Y13
	MOVQ n+16(FP), CX
	EXP_LIMITS
	VXORPS Y4, Y4, Y4

expsum:
	VMOVUPS (DI), Y0
	VSUBPS  Y13, Y0, Y0
	EXP(Y0, Y1, Y2)
	VMOVUPS Y0, (DI)
	VADDPS  Y0, Y4, Y4
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     expsum
	VMOVAPS Y4, Y0
	FOLD(VADDPS)
	VMOVSS X0, ret+24(FP)
	VZEROUPPER
	RET
