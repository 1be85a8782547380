//go:build !purego

#include "textflag.h"

// What a depthwise convolution is made of, channels innermost: 16 of them at a time,
// whose weights or sums stay in registers over all rows, then 8.

// func mulAddNEON(y, w, x *float32, rows, d, ld int)
TEXT ·mulAddNEON(SB), NOSPLIT, $0-48
	MOVD y+0(FP), R0
	MOVD w+8(FP), R1
	MOVD x+16(FP), R2
	MOVD rows+24(FP), R3
	MOVD d+32(FP), R4
	MOVD ld+40(FP), R5
	LSL  $2, R5

wide:
	CMP    $16, R4
	BLT    narrow
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	MOVD   R0, R6
	MOVD   R2, R7
	MOVD   R3, R8

wideRow:
	VLD1  (R6), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1  (R7), [V4.S4, V5.S4, V6.S4, V7.S4]
	VFMLA V4.S4, V16.S4, V0.S4
	VFMLA V5.S4, V17.S4, V1.S4
	VFMLA V6.S4, V18.S4, V2.S4
	VFMLA V7.S4, V19.S4, V3.S4
	VST1  [V0.S4, V1.S4, V2.S4, V3.S4], (R6)
	ADD   R5, R6
	ADD   R5, R7
	SUBS  $1, R8
	BNE   wideRow
	ADD   $64, R0
	ADD   $64, R2
	SUB   $16, R4
	B     wide

narrow:
	CBZ  R4, done
	VLD1 (R1), [V16.S4, V17.S4]

narrowRow:
	VLD1  (R0), [V0.S4, V1.S4]
	VLD1  (R2), [V4.S4, V5.S4]
	VFMLA V4.S4, V16.S4, V0.S4
	VFMLA V5.S4, V17.S4, V1.S4
	VST1  [V0.S4, V1.S4], (R0)
	ADD   R5, R0
	ADD   R5, R2
	SUBS  $1, R3
	BNE   narrowRow

done:
	RET

// func sumProductsNEON(dw, dy, x *float32, rows, d, ld int)
TEXT ·sumProductsNEON(SB), NOSPLIT, $0-48
	MOVD dw+0(FP), R0
	MOVD dy+8(FP), R1
	MOVD x+16(FP), R2
	MOVD rows+24(FP), R3
	MOVD d+32(FP), R4
	MOVD ld+40(FP), R5
	LSL  $2, R5

sumWide:
	CMP  $16, R4
	BLT  sumNarrow
	VLD1 (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	MOVD R1, R6
	MOVD R2, R7
	MOVD R3, R8

sumWideRow:
	VLD1   (R6), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1   (R7), [V4.S4, V5.S4, V6.S4, V7.S4]
	VFMLA  V4.S4, V16.S4, V0.S4
	VFMLA  V5.S4, V17.S4, V1.S4
	VFMLA  V6.S4, V18.S4, V2.S4
	VFMLA  V7.S4, V19.S4, V3.S4
	ADD    R5, R6
	ADD    R5, R7
	SUBS   $1, R8
	BNE    sumWideRow
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD    $64, R1
	ADD    $64, R2
	SUB    $16, R4
	B      sumWide

sumNarrow:
	CBZ  R4, sumDone
	VLD1 (R0), [V0.S4, V1.S4]

sumNarrowRow:
	VLD1  (R1), [V16.S4, V17.S4]
	VLD1  (R2), [V4.S4, V5.S4]
	VFMLA V4.S4, V16.S4, V0.S4
	VFMLA V5.S4, V17.S4, V1.S4
	ADD   R5, R1
	ADD   R5, R2
	SUBS  $1, R3
	BNE   sumNarrowRow
	VST1  [V0.S4, V1.S4], (R0)

sumDone:
	RET
