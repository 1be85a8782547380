//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"

// One step of the reduction for an 8 x 32 tile: Z0-Z15 hold the tile, two
// registers a row; Z16 and Z17 are the step's 32 columns of b; a row's number
// of a is broadcast to Z18 or Z19.
//
// Registers: DI c, SI a (rows 0-3), R8 a (rows 4-7), BX b, CX steps left,
// R9 aRow, R10 3*aRow, R11 aStep, R12 bStep, K1 and K2 the columns that exist.
#define TILE_STEP(MAC) \
	VMOVUPS.Z (BX), K1, Z16;         \
	VMOVUPS.Z 64(BX), K2, Z17;       \
	VPBROADCASTD (SI), Z18;          \
	VPBROADCASTD (SI)(R9*1), Z19;    \
	MAC(16, 18, 0); MAC(17, 18, 1);  \
	MAC(16, 19, 2); MAC(17, 19, 3);  \
	VPBROADCASTD (SI)(R9*2), Z18;    \
	VPBROADCASTD (SI)(R10*1), Z19;   \
	MAC(16, 18, 4); MAC(17, 18, 5);  \
	MAC(16, 19, 6); MAC(17, 19, 7);  \
	VPBROADCASTD (R8), Z18;          \
	VPBROADCASTD (R8)(R9*1), Z19;    \
	MAC(16, 18, 8); MAC(17, 18, 9);  \
	MAC(16, 19, 10); MAC(17, 19, 11); \
	VPBROADCASTD (R8)(R9*2), Z18;    \
	VPBROADCASTD (R8)(R10*1), Z19;   \
	MAC(16, 18, 12); MAC(17, 18, 13); \
	MAC(16, 19, 14); MAC(17, 19, 15); \
	ADDQ R11, SI;                    \
	ADDQ R11, R8;                    \
	ADDQ R12, BX

// The same for at most 16 columns, in Z0, Z2 and so on.
#define HALF_STEP(MAC) \
	VMOVUPS.Z (BX), K1, Z16;       \
	VPBROADCASTD (SI), Z18;        \
	VPBROADCASTD (SI)(R9*1), Z19;  \
	MAC(16, 18, 0); MAC(16, 19, 2); \
	VPBROADCASTD (SI)(R9*2), Z18;  \
	VPBROADCASTD (SI)(R10*1), Z19; \
	MAC(16, 18, 4); MAC(16, 19, 6); \
	VPBROADCASTD (R8), Z18;        \
	VPBROADCASTD (R8)(R9*1), Z19;  \
	MAC(16, 18, 8); MAC(16, 19, 10); \
	VPBROADCASTD (R8)(R9*2), Z18;  \
	VPBROADCASTD (R8)(R10*1), Z19; \
	MAC(16, 18, 12); MAC(16, 19, 14); \
	ADDQ R11, SI;                  \
	ADDQ R11, R8;                  \
	ADDQ R12, BX

// VFMADD231PS in the same numbers.
#define MAC_F32(b, a, d) EVEX(1, 0xB8, b, a, d)

#define ZERO4(a, b, c, d) \
	VPXORD a, a, a; VPXORD b, b, b; \
	VPXORD c, c, c; VPXORD d, d, d

#define ADD_ROW(lo, hi) \
	VADDPS (DX), lo, K1, lo;   \
	VADDPS 64(DX), hi, K2, hi; \
	ADDQ R13, DX

// The tile's lines of c are fetched while its sums are made.
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
	MOVQ 32(AX), R11;     \
	MOVQ 48(AX), R12;     \
	LEAQ (R9)(R9*2), R10; \
	MOVL 72(AX), R8;      \
	KMOVW R8, K1;         \
	SHRL $16, R8;         \
	KMOVW R8, K2;         \
	MOVQ 16(AX), R14;     \
	MOVQ 64(AX), R15

#define PANEL8(MAC) \
	LOAD_ARGS; \
tile: \
	ZERO4(Z0, Z1, Z2, Z3); ZERO4(Z4, Z5, Z6, Z7); \
	ZERO4(Z8, Z9, Z10, Z11); ZERO4(Z12, Z13, Z14, Z15); \
	MOVQ R14, SI; \
	LEAQ (R14)(R9*4), R8; \
	MOVQ 40(AX), BX; \
	MOVQ 56(AX), CX; \
	MOVQ DI, DX; \
	PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; \
	PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; PREFETCH_ROW; \
	CMPQ 72(AX), $0x10000; \
	JCS halfStep; \
step: \
	TILE_STEP(MAC); \
	DECQ CX; \
	JNZ step; \
	JMP sum; \
halfStep: \
	HALF_STEP(MAC); \
	DECQ CX; \
	JNZ halfStep; \
sum: \
	CMPQ 80(AX), $0; \
	JEQ store; \
	MOVQ DI, DX; \
	ADD_ROW(Z0, Z1); ADD_ROW(Z2, Z3); ADD_ROW(Z4, Z5); ADD_ROW(Z6, Z7); \
	ADD_ROW(Z8, Z9); ADD_ROW(Z10, Z11); ADD_ROW(Z12, Z13); ADD_ROW(Z14, Z15); \
store: \
	STORE_ROW(Z0, Z1); STORE_ROW(Z2, Z3); STORE_ROW(Z4, Z5); STORE_ROW(Z6, Z7); \
	STORE_ROW(Z8, Z9); STORE_ROW(Z10, Z11); STORE_ROW(Z12, Z13); STORE_ROW(Z14, Z15); \
	LEAQ (R14)(R9*8), R14; \
	DECQ R15; \
	JNZ tile; \
	VZEROUPPER; \
	RET

// PANEL1 is the same for single rows: the rest of a division by 8.
#define PANEL1(MAC) \
	LOAD_ARGS; \
tile: \
	VPXORD Z0, Z0, Z0; VPXORD Z1, Z1, Z1; \
	MOVQ R14, SI; \
	MOVQ 40(AX), BX; \
	MOVQ 56(AX), CX; \
step: \
	VMOVUPS.Z (BX), K1, Z16; \
	VMOVUPS.Z 64(BX), K2, Z17; \
	VPBROADCASTD (SI), Z18; \
	MAC(16, 18, 0); MAC(17, 18, 1); \
	ADDQ R11, SI; \
	ADDQ R12, BX; \
	DECQ CX; \
	JNZ step; \
	CMPQ 80(AX), $0; \
	JEQ store; \
	MOVQ DI, DX; \
	ADD_ROW(Z0, Z1); \
store: \
	STORE_ROW(Z0, Z1); \
	ADDQ R9, R14; \
	DECQ R15; \
	JNZ tile; \
	VZEROUPPER; \
	RET

// func panel8F32(args *panelArgs)
TEXT ·panel8F32(SB), NOSPLIT, $0-8
	PANEL8(MAC_F32)

// func panel1F32(args *panelArgs)
TEXT ·panel1F32(SB), NOSPLIT, $0-8
	PANEL1(MAC_F32)

// func panel8BF16(args *panelArgs)
TEXT ·panel8BF16(SB), NOSPLIT, $0-8
	PANEL8(VDPBF16PS)

// func panel1BF16(args *panelArgs)
TEXT ·panel1BF16(SB), NOSPLIT, $0-8
	PANEL1(VDPBF16PS)
