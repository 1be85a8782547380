//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"

// One pair of k for a tile of 8 x 32: Z0-Z15 hold the tile, two registers a row; Z16
// and Z17 are the panel's columns; a row's pair is broadcast to Z18 or Z19.
//
// Registers: DI y, SI x (rows 0-3), R8 x (rows 4-7), BX w, CX pairs left,
// R9 xRow, R10 3*xRow, R13 yRow, K1 and K2 the columns that exist.
#define TILE_STEP \
	VMOVUPS (BX), Z16;               \
	VMOVUPS 64(BX), Z17;             \
	VPBROADCASTD (SI), Z18;          \
	VPBROADCASTD (SI)(R9*1), Z19;    \
	VDPBF16PS(16, 18, 0); VDPBF16PS(17, 18, 1);  \
	VDPBF16PS(16, 19, 2); VDPBF16PS(17, 19, 3);  \
	VPBROADCASTD (SI)(R9*2), Z18;    \
	VPBROADCASTD (SI)(R10*1), Z19;   \
	VDPBF16PS(16, 18, 4); VDPBF16PS(17, 18, 5);  \
	VDPBF16PS(16, 19, 6); VDPBF16PS(17, 19, 7);  \
	VPBROADCASTD (R8), Z18;          \
	VPBROADCASTD (R8)(R9*1), Z19;    \
	VDPBF16PS(16, 18, 8); VDPBF16PS(17, 18, 9);  \
	VDPBF16PS(16, 19, 10); VDPBF16PS(17, 19, 11); \
	VPBROADCASTD (R8)(R9*2), Z18;    \
	VPBROADCASTD (R8)(R10*1), Z19;   \
	VDPBF16PS(16, 18, 12); VDPBF16PS(17, 18, 13); \
	VDPBF16PS(16, 19, 14); VDPBF16PS(17, 19, 15); \
	ADDQ $4, SI;                     \
	ADDQ $4, R8;                     \
	SUBQ $-128, BX

// The same for at most 16 columns, in Z0, Z2 and so on.
#define HALF_STEP \
	VMOVUPS (BX), Z16;             \
	VPBROADCASTD (SI), Z18;        \
	VPBROADCASTD (SI)(R9*1), Z19;  \
	VDPBF16PS(16, 18, 0); VDPBF16PS(16, 19, 2); \
	VPBROADCASTD (SI)(R9*2), Z18;  \
	VPBROADCASTD (SI)(R10*1), Z19; \
	VDPBF16PS(16, 18, 4); VDPBF16PS(16, 19, 6); \
	VPBROADCASTD (R8), Z18;        \
	VPBROADCASTD (R8)(R9*1), Z19;  \
	VDPBF16PS(16, 18, 8); VDPBF16PS(16, 19, 10); \
	VPBROADCASTD (R8)(R9*2), Z18;  \
	VPBROADCASTD (R8)(R10*1), Z19; \
	VDPBF16PS(16, 18, 12); VDPBF16PS(16, 19, 14); \
	ADDQ $4, SI;                   \
	ADDQ $4, R8;                   \
	SUBQ $-128, BX

#define ZERO4(a, b, c, d) \
	VPXORD a, a, a; VPXORD b, b, b; \
	VPXORD c, c, c; VPXORD d, d, d

#define ADD_ROW(lo, hi) \
	VADDPS (DX), lo, K1, lo;   \
	VADDPS 64(DX), hi, K2, hi; \
	ADDQ R13, DX

// The tile's lines of y are fetched while its sums are made.
#define PREFETCH_ROW \
	PREFETCHT0 (DX); PREFETCHT0 64(DX); \
	ADDQ R13, DX

#define STORE_ROW(lo, hi) \
	VMOVUPS lo, K1, (DI);   \
	VMOVUPS hi, K2, 64(DI); \
	ADDQ R13, DI

#define LOAD_ARGS \
	MOVQ args+0(FP), AX;  \
	MOVQ 0(AX), DI;       \
	MOVQ 8(AX), R13;      \
	MOVQ 24(AX), R9;      \
	LEAQ (R9)(R9*2), R10; \
	MOVL 56(AX), R8;      \
	KMOVW R8, K1;         \
	SHRL $16, R8;         \
	KMOVW R8, K2;         \
	MOVQ 16(AX), R14;     \
	MOVQ 48(AX), R15

// func panel8BF16(args *panelArgs)
TEXT ·panel8BF16(SB), NOSPLIT, $0-8
	LOAD_ARGS
tile:
	ZERO4(Z0, Z1, Z2, Z3); ZERO4(Z4, Z5, Z6, Z7)
	ZERO4(Z8, Z9, Z10, Z11); ZERO4(Z12, Z13, Z14, Z15)
	MOVQ R14, SI
	LEAQ (R14)(R9*4), R8
	MOVQ 32(AX), BX
	MOVQ 40(AX), CX
	MOVQ DI, DX
	PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW
	PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW
	CMPQ 56(AX), $0x10000
	JCS halfStep
step:
	TILE_STEP
	DECQ CX
	JNZ step
	JMP sum
halfStep:
	HALF_STEP
	DECQ CX
	JNZ halfStep
sum:
	CMPQ 64(AX), $0
	JEQ store
	MOVQ DI, DX
	ADD_ROW(Z0, Z1); ADD_ROW(Z2, Z3); ADD_ROW(Z4, Z5); ADD_ROW(Z6, Z7)
	ADD_ROW(Z8, Z9); ADD_ROW(Z10, Z11); ADD_ROW(Z12, Z13); ADD_ROW(Z14, Z15)
store:
	STORE_ROW(Z0, Z1); STORE_ROW(Z2, Z3); STORE_ROW(Z4, Z5); STORE_ROW(Z6, Z7)
	STORE_ROW(Z8, Z9); STORE_ROW(Z10, Z11); STORE_ROW(Z12, Z13); STORE_ROW(Z14, Z15)
	LEAQ (R14)(R9*8), R14
	DECQ R15
	JNZ tile
	VZEROUPPER
	RET

// func panel1BF16(args *panelArgs)
//
// The same for single rows: the rest of a division by 8.
TEXT ·panel1BF16(SB), NOSPLIT, $0-8
	LOAD_ARGS
tile:
	VPXORD Z0, Z0, Z0; VPXORD Z1, Z1, Z1
	MOVQ R14, SI
	MOVQ 32(AX), BX
	MOVQ 40(AX), CX
step:
	VMOVUPS (BX), Z16
	VMOVUPS 64(BX), Z17
	VPBROADCASTD (SI), Z18
	VDPBF16PS(16, 18, 0); VDPBF16PS(17, 18, 1)
	ADDQ $4, SI
	SUBQ $-128, BX
	DECQ CX
	JNZ step
	CMPQ 64(AX), $0
	JEQ store
	MOVQ DI, DX
	ADD_ROW(Z0, Z1)
store:
	STORE_ROW(Z0, Z1)
	ADDQ R9, R14
	DECQ R15
	JNZ tile
	VZEROUPPER
	RET
