//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// Row kernels with exponentials, eight numbers at a time. n is a multiple of 8
// and not 0.

// The constants of exp_generic.go. EXP_LOAD puts them into V16..V27, four
// times each, and changes R8.
DATA expTable<>+0(SB)/4, $-87.33654
DATA expTable<>+4(SB)/4, $88.02969
DATA expTable<>+8(SB)/4, $1.44269504
DATA expTable<>+12(SB)/4, $0.693359375
DATA expTable<>+16(SB)/4, $-2.12194440e-4
DATA expTable<>+20(SB)/4, $1.9875691500e-4
DATA expTable<>+24(SB)/4, $1.3981999507e-3
DATA expTable<>+28(SB)/4, $8.3334519073e-3
DATA expTable<>+32(SB)/4, $4.1665795894e-2
DATA expTable<>+36(SB)/4, $1.6666665459e-1
DATA expTable<>+40(SB)/4, $0.5
DATA expTable<>+44(SB)/4, $1.0
GLOBL expTable<>(SB), RODATA|NOPTR, $48

#define EXP_LOAD \
	MOVD    $expTable<>(SB), R8; \
	VLD4R.P 16(R8), [V16.S4, V17.S4, V18.S4, V19.S4]; \
	VLD4R.P 16(R8), [V20.S4, V21.S4, V22.S4, V23.S4]; \
	VLD4R   (R8), [V24.S4, V25.S4, V26.S4, V27.S4]

// COPY sets a and b to c. HORNER sets p = p*x + c for the two quads; the
// product is added to a copy of c, so that p moves from V4 and V5 to V6 and V7
// or back.
#define COPY(c, a, b) \
	VMOV c.B16, a.B16; \
	VMOV c.B16, b.B16
#define HORNER(c, p0, p1, q0, q1) \
	COPY(c, q0, q1); \
	VFMLA p0.S4, V0.S4, q0.S4; \
	VFMLA p1.S4, V1.S4, q1.S4

// EXP sets V0 and V1 to e^V0 and e^V1. It changes V2..V7. A NaN stays one.
#define EXP \
	FMAX4(16, 0, 0); \
	FMAX4(16, 1, 1); \
	FMIN4(17, 0, 0); \
	FMIN4(17, 1, 1); \
	COPY(V26, V2, V3); \
	VFMLA V18.S4, V0.S4, V2.S4; \
	VFMLA V18.S4, V1.S4, V3.S4; \
	FRINTM4(2, 2); \
	FRINTM4(3, 3); \
	VFMLS V19.S4, V2.S4, V0.S4; \
	VFMLS V19.S4, V3.S4, V1.S4; \
	VFMLS V20.S4, V2.S4, V0.S4; \
	VFMLS V20.S4, V3.S4, V1.S4; \
	FCVTZS4(2, 2); \
	FCVTZS4(3, 3); \
	VSHL  $23, V2.S4, V2.S4; \
	VSHL  $23, V3.S4, V3.S4; \
	COPY(V21, V4, V5); \
	HORNER(V22, V4, V5, V6, V7); \
	HORNER(V23, V6, V7, V4, V5); \
	HORNER(V24, V4, V5, V6, V7); \
	HORNER(V25, V6, V7, V4, V5); \
	HORNER(V26, V4, V5, V6, V7); \
	HORNER(V27, V6, V7, V4, V5); \
	HORNER(V27, V4, V5, V6, V7); \
	VADD  V2.S4, V6.S4, V0.S4; \
	VADD  V3.S4, V7.S4, V1.S4

// func swiGLUNEON(act, gate, up *float32, n int)
TEXT ·swiGLUNEON(SB), NOSPLIT, $0-32
	MOVD act+0(FP), R0
	MOVD gate+8(FP), R1
	MOVD up+16(FP), R2
	MOVD n+24(FP), R3
	EXP_LOAD

swiglu:
	VLD1.P 32(R1), [V28.S4, V29.S4]
	VLD1.P 32(R2), [V30.S4, V31.S4]
	FNEG4(28, 0)
	FNEG4(29, 1)
	EXP
	FADD4(27, 0, 0)
	FADD4(27, 1, 1)
	FDIV4(0, 28, 0)
	FDIV4(1, 29, 1)
	FMUL4(30, 0, 0)
	FMUL4(31, 1, 1)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R3
	BNE    swiglu
	RET

// func scaleMaxNEON(s *float32, scale float32, n int) float32
TEXT ·scaleMaxNEON(SB), NOSPLIT, $0-28
	MOVD  s+0(FP), R0
	FMOVS scale+8(FP), F4
	VDUP  V4.S[0], V4.S4
	MOVD  n+16(FP), R1
	MOVW  $0xff800000, R2 // -Inf
	VDUP  R2, V2.S4
	VDUP  R2, V3.S4

scalemax:
	VLD1   (R0), [V0.S4, V1.S4]
	FMUL4(4, 0, 0)
	FMUL4(4, 1, 1)
	FMAX4(0, 2, 2)
	FMAX4(1, 3, 3)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R1
	BNE    scalemax
	FMAX4(3, 2, 2)
	FMAXV4(2, 2)
	FMOVS F2, ret+24(FP)
	RET

// func scaleBiasMaxNEON(s, bias *float32, scale float32, n int) float32
TEXT ·scaleBiasMaxNEON(SB), NOSPLIT, $0-36
	MOVD  s+0(FP), R0
	MOVD  bias+8(FP), R1
	FMOVS scale+16(FP), F4
	VDUP  V4.S[0], V4.S4
	MOVD  n+24(FP), R3
	MOVW  $0xff800000, R2 // -Inf
	VDUP  R2, V2.S4
	VDUP  R2, V3.S4

scalebiasmax:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1.P 32(R1), [V6.S4, V7.S4]
	VFMLA  V4.S4, V0.S4, V6.S4
	VFMLA  V4.S4, V1.S4, V7.S4
	FMAX4(6, 2, 2)
	FMAX4(7, 3, 3)
	VST1.P [V6.S4, V7.S4], 32(R0)
	SUBS   $8, R3
	BNE    scalebiasmax
	FMAX4(3, 2, 2)
	FMAXV4(2, 2)
	FMOVS F2, ret+32(FP)
	RET

// func expSumNEON(s *float32, top float32, n int) float32
TEXT ·expSumNEON(SB), NOSPLIT, $0-28
	MOVD  s+0(FP), R0
	FMOVS top+8(FP), F28
	VDUP  V28.S[0], V28.S4
	MOVD  n+16(FP), R1
	EXP_LOAD
	VEOR  V30.B16, V30.B16, V30.B16
	VEOR  V31.B16, V31.B16, V31.B16

expsum:
	VLD1   (R0), [V0.S4, V1.S4]
	FSUB4(28, 0, 0)
	FSUB4(28, 1, 1)
	EXP
	FADD4(0, 30, 30)
	FADD4(1, 31, 31)
	VST1.P [V0.S4, V1.S4], 32(R0)
	SUBS   $8, R1
	BNE    expsum
	FADD4(31, 30, 30)
	FADDP4(30, 30, 30)
	FADDP4(30, 30, 30)
	FMOVS F30, ret+24(FP)
	RET
