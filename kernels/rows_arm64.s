//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// Row kernels without exponentials, eight numbers at a time. n is a multiple
// of 8 and not 0.

// func addNEON(y, a *float32, n int)
TEXT ·addNEON(SB), NOSPLIT, $0-24
	MOVD y+0(FP), R0
	MOVD a+8(FP), R1
	MOVD n+16(FP), R2

add:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1.P 32(R1), [V2.S4, V3.S4]
	FADD4(2, 0, 0)
	FADD4(3, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R2
	BNE    add
	RET

// func add2NEON(y, a, b *float32, n int)
TEXT ·add2NEON(SB), NOSPLIT, $0-32
	MOVD y+0(FP), R0
	MOVD a+8(FP), R1
	MOVD b+16(FP), R2
	MOVD n+24(FP), R3

add2:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1.P 32(R1), [V2.S4, V3.S4]
	VLD1.P 32(R2), [V4.S4, V5.S4]
	FADD4(4, 2, 2)
	FADD4(5, 3, 3)
	FADD4(2, 0, 0)
	FADD4(3, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R3
	BNE    add2
	RET

// func scaleNEON(y *float32, by float32, n int)
TEXT ·scaleNEON(SB), NOSPLIT, $0-24
	MOVD  y+0(FP), R0
	FMOVS by+8(FP), F2
	VDUP  V2.S[0], V2.S4
	MOVD  n+16(FP), R1

scale:
	VLD1   (R0), [V0.S4, V1.S4]
	FMUL4(2, 0, 0)
	FMUL4(2, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R1
	BNE    scale
	RET

// func addSquaresNEON(h, y *float32, n int) float32
TEXT ·addSquaresNEON(SB), NOSPLIT, $0-28
	MOVD h+0(FP), R0
	MOVD y+8(FP), R1
	MOVD n+16(FP), R2
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16

addsquares:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1.P 32(R1), [V2.S4, V3.S4]
	FADD4(2, 0, 0)
	FADD4(3, 1, 1)
	VFMLA  V0.S4, V0.S4, V4.S4
	VFMLA  V1.S4, V1.S4, V5.S4
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R2
	BNE    addsquares

	FADD4(5, 4, 4)
	FADDP4(4, 4, 4)
	FADDP4(4, 4, 4)
	FMOVS F4, ret+24(FP)
	RET

// func ropeNEON(lo, hi, cos, sin *float32, n int)
TEXT ·ropeNEON(SB), NOSPLIT, $0-40
	MOVD lo+0(FP), R0
	MOVD hi+8(FP), R1
	MOVD cos+16(FP), R2
	MOVD sin+24(FP), R3
	MOVD n+32(FP), R4

rope:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1   (R1), [V2.S4, V3.S4]
	VLD1.P 32(R2), [V4.S4, V5.S4]
	VLD1.P 32(R3), [V6.S4, V7.S4]
	FMUL4(0, 4, 16)
	FMUL4(1, 5, 17)
	FMUL4(2, 4, 18)
	FMUL4(3, 5, 19)
	VFMLS  V2.S4, V6.S4, V16.S4
	VFMLS  V3.S4, V7.S4, V17.S4
	VFMLA  V0.S4, V6.S4, V18.S4
	VFMLA  V1.S4, V7.S4, V19.S4
	VST1.P [V16.S4, V17.S4], 32(R0)
	VST1.P [V18.S4, V19.S4], 32(R1)
	SUBS   $8, R4
	BNE    rope
	RET
