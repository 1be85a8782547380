//go:build !purego

#include "textflag.h"

#define ZERO4(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16; \
	VEOR b.B16, b.B16, b.B16; \
	VEOR c.B16, c.B16, c.B16; \
	VEOR d.B16, d.B16, d.B16

#define FMA4(a, b, c, d) \
	VFMLA V30.S4, V31.S4, a.S4; \
	VFMLA V30.S4, V31.S4, b.S4; \
	VFMLA V30.S4, V31.S4, c.S4; \
	VFMLA V30.S4, V31.S4, d.S4

// func peakNEON(steps int)
TEXT ·peakNEON(SB), NOSPLIT, $0-8
	MOVD steps+0(FP), R0
	ZERO4(V0, V1, V2, V3)
	ZERO4(V4, V5, V6, V7)
	ZERO4(V8, V9, V10, V11)
	ZERO4(V12, V13, V14, V15)
	ZERO4(V16, V17, V18, V19)
	ZERO4(V20, V21, V22, V23)
	ZERO4(V28, V29, V30, V31)

loop:
	FMA4(V0, V1, V2, V3)
	FMA4(V4, V5, V6, V7)
	FMA4(V8, V9, V10, V11)
	FMA4(V12, V13, V14, V15)
	FMA4(V16, V17, V18, V19)
	FMA4(V20, V21, V22, V23)
	SUBS $1, R0
	BNE  loop
	RET
