//go:build !purego

#include "textflag.h"

// The float32 tiles of 4 x 16 for processors with AVX2 and FMA. Y0-Y7 hold the
// tile, two registers a row; Y8 and Y9 the step's columns of b, Y10 and Y11
// broadcast numbers of a, Y12 and Y13 the masks of the columns that exist.
//
// Registers: DI c, SI a, BX b, CX steps left, R9 aRow, R10 3*aRow, R11 aStep,
// R12 bStep, R13 cRow, R14 the tile's first row of a, R15 tiles left.

#define LOAD_B VMOVUPS (BX), Y8; VMOVUPS 32(BX), Y9
#define LOAD_B_MASKED VMASKMOVPS (BX), Y12, Y8; VMASKMOVPS 32(BX), Y13, Y9

#define ROW_STEP(from, a, lo, hi) \
	VBROADCASTSS from, a;  \
	VFMADD231PS Y8, a, lo; \
	VFMADD231PS Y9, a, hi

#define NEXT_STEP(label) \
	ADDQ R11, SI; \
	ADDQ R12, BX; \
	DECQ CX;      \
	JNZ label

#define ADD_ROW(lo, hi) \
	VMASKMOVPS (DX), Y12, Y8;   \
	VMASKMOVPS 32(DX), Y13, Y9; \
	VADDPS Y8, lo, lo;          \
	VADDPS Y9, hi, hi;          \
	ADDQ R13, DX

#define STORE_ROW(lo, hi) \
	VMOVUPS lo, (DI);   \
	VMOVUPS hi, 32(DI); \
	ADDQ R13, DI

#define STORE_ROW_MASKED(lo, hi) \
	VMASKMOVPS lo, Y12, (DI);   \
	VMASKMOVPS hi, Y13, 32(DI); \
	ADDQ R13, DI

#define ZERO2(a, b) VXORPS a, a, a; VXORPS b, b, b

#define LOAD_ARGS \
	MOVQ args+0(FP), AX;    \
	MOVQ 0(AX), DI;         \
	MOVQ 8(AX), R13;        \
	MOVQ 16(AX), R14;       \
	MOVQ 24(AX), R9;        \
	LEAQ (R9)(R9*2), R10;   \
	MOVQ 32(AX), R11;       \
	MOVQ 48(AX), R12;       \
	MOVQ 64(AX), R15;       \
	MOVQ 88(AX), DX;        \
	VMOVUPS (DX), Y12;      \
	VMOVUPS 32(DX), Y13

#define TILE_BEGIN \
	MOVQ R14, SI;     \
	MOVQ 40(AX), BX;  \
	MOVQ 56(AX), CX

// func panel4AVX2(args *panelArgs)
TEXT ·panel4AVX2(SB), NOSPLIT, $0-8
	LOAD_ARGS
tile:
	TILE_BEGIN
	ZERO2(Y0, Y1)
	ZERO2(Y2, Y3)
	ZERO2(Y4, Y5)
	ZERO2(Y6, Y7)
	CMPQ 96(AX), $0
	JNE maskedStep
step:
	LOAD_B
	ROW_STEP((SI), Y10, Y0, Y1)
	ROW_STEP((SI)(R9*1), Y11, Y2, Y3)
	ROW_STEP((SI)(R9*2), Y10, Y4, Y5)
	ROW_STEP((SI)(R10*1), Y11, Y6, Y7)
	NEXT_STEP(step)
	JMP sum
maskedStep:
	LOAD_B_MASKED
	ROW_STEP((SI), Y10, Y0, Y1)
	ROW_STEP((SI)(R9*1), Y11, Y2, Y3)
	ROW_STEP((SI)(R9*2), Y10, Y4, Y5)
	ROW_STEP((SI)(R10*1), Y11, Y6, Y7)
	NEXT_STEP(maskedStep)
sum:
	CMPQ 80(AX), $0
	JEQ store
	MOVQ DI, DX
	ADD_ROW(Y0, Y1)
	ADD_ROW(Y2, Y3)
	ADD_ROW(Y4, Y5)
	ADD_ROW(Y6, Y7)
store:
	CMPQ 96(AX), $0
	JNE maskedStore
	STORE_ROW(Y0, Y1)
	STORE_ROW(Y2, Y3)
	STORE_ROW(Y4, Y5)
	STORE_ROW(Y6, Y7)
	JMP next
maskedStore:
	STORE_ROW_MASKED(Y0, Y1)
	STORE_ROW_MASKED(Y2, Y3)
	STORE_ROW_MASKED(Y4, Y5)
	STORE_ROW_MASKED(Y6, Y7)
next:
	LEAQ (R14)(R9*4), R14
	DECQ R15
	JNZ tile
	VZEROUPPER
	RET

// func panel1AVX2(args *panelArgs)
TEXT ·panel1AVX2(SB), NOSPLIT, $0-8
	LOAD_ARGS
tile:
	TILE_BEGIN
	ZERO2(Y0, Y1)
step:
	LOAD_B_MASKED
	ROW_STEP((SI), Y10, Y0, Y1)
	NEXT_STEP(step)
	CMPQ 80(AX), $0
	JEQ store
	MOVQ DI, DX
	ADD_ROW(Y0, Y1)
store:
	STORE_ROW_MASKED(Y0, Y1)
	ADDQ R9, R14
	DECQ R15
	JNZ tile
	VZEROUPPER
	RET
