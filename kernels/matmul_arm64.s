//go:build !purego

#include "textflag.h"
#include "neon_arm64.h"

// Tiles of R rows by 16 columns (one panel). Row r has accumulators V(4r) to
// V(4r+3). V24..V29 hold four k of each row of x, V30 and V31 half a k of the
// panel, which is loaded once and multiplied by one number of each row.

#define ARGS \
	MOVD y+0(FP), R0; \
	MOVD ldy+8(FP), R1; \
	MOVD x+16(FP), R6; \
	MOVD ldx+24(FP), R3; \
	MOVD w+32(FP), R4; \
	MOVD k+40(FP), R5

#define ZERO(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16; \
	VEOR b.B16, b.B16, b.B16; \
	VEOR c.B16, c.B16, c.B16; \
	VEOR d.B16, d.B16, d.B16
#define ZERO1 ZERO(V0, V1, V2, V3)
#define ZERO2 ZERO1; ZERO(V4, V5, V6, V7)
#define ZERO4 ZERO2; ZERO(V8, V9, V10, V11); ZERO(V12, V13, V14, V15)
#define ZERO6 ZERO4; ZERO(V16, V17, V18, V19); ZERO(V20, V21, V22, V23)

// Where the rows of x start: R6..R11.
#define START2 ADD R3, R6, R7
#define START4 START2; ADD R3, R7, R8; ADD R3, R8, R9
#define START6 START4; ADD R3, R9, R10; ADD R3, R10, R11

// Size bytes of each row of x: four k by FMOVQ, or one by FMOVS.
#define LOAD1(load, size) load size(R6), F24
#define LOAD2(load, size) LOAD1(load, size); load size(R7), F25
#define LOAD4(load, size) LOAD2(load, size); load size(R8), F26; load size(R9), F27
#define LOAD6(load, size) LOAD4(load, size); load size(R10), F28; load size(R11), F29

// Number i of each row of x times half a k of the panel, the columns of
// accumulators c and c+1.
#define ROW(x, i, c) FMLA4(x, i, 30, c); FMLA4(x, i, 31, c+1)
#define ROWS1(i, c) ROW(24, i, c)
#define ROWS2(i, c) ROWS1(i, c); ROW(25, i, c+4)
#define ROWS4(i, c) ROWS2(i, c); ROW(26, i, c+8); ROW(27, i, c+12)
#define ROWS6(i, c) ROWS4(i, c); ROW(28, i, c+16); ROW(29, i, c+20)

#define STEP(rows, i) \
	FLDPQ.P 32(R4), (F30, F31); \
	rows(i, 0); \
	FLDPQ.P 32(R4), (F30, F31); \
	rows(i, 2)

#define STORE(a, b, c, d) \
	VST1 [a.S4, b.S4, c.S4, d.S4], (R0); \
	ADD R1, R0
#define STORE1 STORE(V0, V1, V2, V3)
#define STORE2 STORE1; STORE(V4, V5, V6, V7)
#define STORE4 STORE2; STORE(V8, V9, V10, V11); STORE(V12, V13, V14, V15)
#define STORE6 STORE4; STORE(V16, V17, V18, V19); STORE(V20, V21, V22, V23)

// SUM adds the products of all k to the accumulators, in ascending order.
#define SUM(load, rows) \
	SUBS $4, R5; \
	BLT  tail; \
four: \
	load(FMOVQ.P, 16); \
	STEP(rows, 0); \
	STEP(rows, 1); \
	STEP(rows, 2); \
	STEP(rows, 3); \
	SUBS $4, R5; \
	BGE  four; \
tail: \
	ADDS $4, R5; \
	BEQ  done; \
one: \
	load(FMOVS.P, 4); \
	STEP(rows, 0); \
	SUBS $1, R5; \
	BNE  one; \
done:

// func tile6NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)
TEXT ·tile6NEON(SB), NOSPLIT, $0-48
	ARGS
	START6
	ZERO6
	SUM(LOAD6, ROWS6)
	STORE6
	RET

// func tile4NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)
TEXT ·tile4NEON(SB), NOSPLIT, $0-48
	ARGS
	START4
	ZERO4
	SUM(LOAD4, ROWS4)
	STORE4
	RET

// func tile2NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)
TEXT ·tile2NEON(SB), NOSPLIT, $0-48
	ARGS
	START2
	ZERO2
	SUM(LOAD2, ROWS2)
	STORE2
	RET

// func tile1NEON(y *float32, ldy int, x *float32, ldx int, w *float32, k int)
TEXT ·tile1NEON(SB), NOSPLIT, $0-48
	ARGS
	ZERO1
	SUM(LOAD1, ROWS1)
	STORE1
	RET
