//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "neon_arm64.h"

// Tiles of R rows by 16 columns (one panel): see matmul_arm64.s.

#define ARGS \
	MOVD a+0(FP), R15; \
	MOVD argsI8_x(R15), R6; \
	MOVD argsI8_ldx(R15), R3; \
	MOVD argsI8_w(R15), R4; \
	MOVD argsI8_groups(R15), R5; \
	MOVD argsI8_y(R15), R0; \
	MOVD argsI8_ldy(R15), R1; \
	MOVD argsI8_sx(R15), R12; \
	MOVD argsI8_sw(R15), R13; \
	ADD R3, R6, R7; \
	ADD R3, R7, R8; \
	ADD R3, R8, R9

#define ZERO(a, b, c, d) \
	VEOR a.B16, a.B16, a.B16; \
	VEOR b.B16, b.B16, b.B16; \
	VEOR c.B16, c.B16, c.B16; \
	VEOR d.B16, d.B16, d.B16

// Four k of the panel times those of a row: word i of x.
#define ROW(x, i, c) \
	SDOT4(x, i, 24, c); \
	SDOT4(x, i, 25, c+1); \
	SDOT4(x, i, 26, c+2); \
	SDOT4(x, i, 27, c+3)
#define ROWS4(i) ROW(20, i, 0); ROW(21, i, 4); ROW(22, i, 8); ROW(23, i, 12)
#define ROWS1(i) ROW(20, i, 0)
#define COLUMNS VLD1.P 64(R4), [V24.B16, V25.B16, V26.B16, V27.B16]

#define LOAD1(load, size) load size(R6), F20
#define LOAD4(load, size) LOAD1(load, size); load size(R7), F21; load size(R8), F22; load size(R9), F23

// SUM adds the products of all groups, four at a time.
#define SUM(load, rows) \
	SUBS $4, R5; \
	BLT  tail; \
four: \
	load(FMOVQ.P, 16); \
	COLUMNS; \
	rows(0); \
	COLUMNS; \
	rows(1); \
	COLUMNS; \
	rows(2); \
	COLUMNS; \
	rows(3); \
	SUBS $4, R5; \
	BGE  four; \
tail: \
	ADDS $4, R5; \
	BEQ  done; \
one: \
	load(FMOVS.P, 4); \
	COLUMNS; \
	rows(0); \
	SUBS $1, R5; \
	BNE  one; \
done: \
	VLD1 (R13), [V24.S4, V25.S4, V26.S4, V27.S4]

#define SCALE(w, a) \
	SCVTF4(a, a); \
	FMUL4(28, a, a); \
	FMUL4(w, a, a)

// STORE scales a row of sums by its scale and those of the columns.
#define STORE(a, b, c, d, i) \
	VLD1R.P 4(R12), [V28.S4]; \
	SCALE(24, i); \
	SCALE(25, i+1); \
	SCALE(26, i+2); \
	SCALE(27, i+3); \
	VST1 [a.S4, b.S4, c.S4, d.S4], (R0); \
	ADD R1, R0

// func tile4SDOT(a *argsI8)
TEXT ·tile4SDOT(SB), NOSPLIT, $0-8
	ARGS
	ZERO(V0, V1, V2, V3)
	ZERO(V4, V5, V6, V7)
	ZERO(V8, V9, V10, V11)
	ZERO(V12, V13, V14, V15)
	SUM(LOAD4, ROWS4)
	STORE(V0, V1, V2, V3, 0)
	STORE(V4, V5, V6, V7, 4)
	STORE(V8, V9, V10, V11, 8)
	STORE(V12, V13, V14, V15, 12)
	RET

// func tile1SDOT(a *argsI8)
TEXT ·tile1SDOT(SB), NOSPLIT, $0-8
	ARGS
	ZERO(V0, V1, V2, V3)
	SUM(LOAD1, ROWS1)
	STORE(V0, V1, V2, V3, 0)
	RET

// Two groups, 8 k, of four columns, G and H, give two pairs of columns.
#define PAIRS(g, h, c) \
	VZIP1 h.S4, g.S4, V28.S4; \
	VZIP2 h.S4, g.S4, V29.S4; \
	SMMLA4(28, 30, c); \
	SMMLA4(29, 30, c+1); \
	SMMLA4(28, 31, c+8); \
	SMMLA4(29, 31, c+9)

#define ALL \
	PAIRS(V16, V20, 0); \
	PAIRS(V17, V21, 2); \
	PAIRS(V18, V22, 4); \
	PAIRS(V19, V23, 6)

// ROWPAIR stores two rows, whose pairs of columns are in a to h.
#define SPLIT(a, b, up, down) \
	VZIP1 b.D2, a.D2, up.D2; \
	VZIP2 b.D2, a.D2, down.D2

#define ROWPAIR(a, b, c, d, e, f, g, h) \
	SPLIT(a, b, V16, V20); \
	SPLIT(c, d, V17, V21); \
	SPLIT(e, f, V18, V22); \
	SPLIT(g, h, V19, V23); \
	STORE(V16, V17, V18, V19, 16); \
	STORE(V20, V21, V22, V23, 20)

// Accumulators are 2 x 2: V0..V7 rows 0 and 1, V8..V15 rows 2 and 3. V16..V19
// and V20..V23 hold two groups of the panel, V30 and V31 8 k of two rows.
//
// func tile4I8MM(a *argsI8)
TEXT ·tile4I8MM(SB), NOSPLIT, $0-8
	ARGS
	ZERO(V0, V1, V2, V3)
	ZERO(V4, V5, V6, V7)
	ZERO(V8, V9, V10, V11)
	ZERO(V12, V13, V14, V15)
	SUBS $2, R5
	BLT  last

two:
	VLD1.P 8(R6), V30.D[0]
	VLD1.P 8(R7), V30.D[1]
	VLD1.P 8(R8), V31.D[0]
	VLD1.P 8(R9), V31.D[1]
	VLD1.P 64(R4), [V16.B16, V17.B16, V18.B16, V19.B16]
	VLD1.P 64(R4), [V20.B16, V21.B16, V22.B16, V23.B16]
	ALL
	SUBS $2, R5
	BGE  two

last:
	ADDS $2, R5
	BEQ  store
	VLD1 (R6), V30.D[0]  // beyond the last group lies what is multiplied by 0
	VLD1 (R7), V30.D[1]
	VLD1 (R8), V31.D[0]
	VLD1 (R9), V31.D[1]
	VLD1.P 64(R4), [V16.B16, V17.B16, V18.B16, V19.B16]
	ZERO(V20, V21, V22, V23)
	ALL

store:
	VLD1 (R13), [V24.S4, V25.S4, V26.S4, V27.S4]
	ROWPAIR(V0, V1, V2, V3, V4, V5, V6, V7)
	ROWPAIR(V8, V9, V10, V11, V12, V13, V14, V15)
	RET

#define DOT4(a) \
	SDOT4(31, 0, 30, a); \
	SDOT4(31, 1, 30, a+1); \
	SDOT4(31, 2, 30, a+2); \
	SDOT4(31, 3, 30, a+3)
#define MMLA4(a) \
	SMMLA4(31, 30, a); \
	SMMLA4(31, 30, a+1); \
	SMMLA4(31, 30, a+2); \
	SMMLA4(31, 30, a+3)

// func peakSDOT(steps int)
TEXT ·peakSDOT(SB), NOSPLIT, $0-8
	MOVD steps+0(FP), R0
	VEOR V30.B16, V30.B16, V30.B16
	VEOR V31.B16, V31.B16, V31.B16

dots:
	DOT4(0)
	DOT4(4)
	DOT4(8)
	DOT4(12)
	DOT4(16)
	DOT4(20)
	SUBS $1, R0
	BNE  dots
	RET

// func peakI8MM(steps int)
TEXT ·peakI8MM(SB), NOSPLIT, $0-8
	MOVD steps+0(FP), R0
	VEOR V30.B16, V30.B16, V30.B16
	VEOR V31.B16, V31.B16, V31.B16

tiles:
	MMLA4(0)
	MMLA4(4)
	MMLA4(8)
	MMLA4(12)
	MMLA4(16)
	MMLA4(20)
	SUBS $1, R0
	BNE  tiles
	RET
