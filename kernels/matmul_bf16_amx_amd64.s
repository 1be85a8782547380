//go:build !purego

#include "textflag.h"
#include "funcdata.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"

// Registers by number, as tiles need them: SI 6 and DX 2 rows of a, R9 9 aRow;
// BX 3 rows of b, R12 12 their distance; DI 7 and R8 8 rows of c, R13 13 cRow.
// AX args, CX steps left, R14 the block's a, R15 blocks left, R10 16*cRow.

// FETCH8 fetches rows of the next block of c, two lines each, from R11 on: what is
// added to is seldom in a near cache.
#define FETCH_ROW \
	PREFETCHT0 (R11);   \
	PREFETCHT0 64(R11); \
	ADDQ R13, R11
#define FETCH8 \
	FETCH_ROW; FETCH_ROW; FETCH_ROW; FETCH_ROW; \
	FETCH_ROW; FETCH_ROW; FETCH_ROW; FETCH_ROW

// LAST_BLOCK counts a block, goes to end after the last one, and moves the last
// one back over rows that are done already.
#define LAST_BLOCK(end) \
	DECQ R15;           \
	JZ   end;           \
	CMPQ R15, $1;       \
	JNE  3(PC);         \
	SUBQ 160(AX), DI;   \
	SUBQ 168(AX), R14

// func matMulBF16AMX(args *argsBF16AMX)
TEXT ·matMulBF16AMX(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), AX
	LDTILECFG(0)
	MOVQ 72(AX), R13
	MOVQ 88(AX), R9
	MOVQ $128, R12
	MOVQ R13, R10
	SHLQ $4, R10

panel:
	MOVQ 64(AX), DI
	MOVQ 80(AX), R14
	MOVQ 120(AX), R15

block:
	MOVQ R14, SI
	MOVQ R14, DX
	ADDQ 136(AX), DX
	MOVQ 96(AX), BX
	MOVQ 112(AX), CX
	LEAQ (DI)(R10*1), R8
	TILEZERO(0)
	TILEZERO(1)
	TILEZERO(2)
	TILEZERO(3)
	CMPQ 152(AX), $0
	JEQ  product
	LEAQ (DI)(R10*2), R11
	FETCH8; FETCH8; FETCH8; FETCH8
	TILELOADD(7, 13, 0, 0)
	CMPQ 144(AX), $0
	JEQ  addLower
	TILELOADD(7, 13, 64, 1)

addLower:
	CMPQ 136(AX), $0
	JEQ  product
	TILELOADD(8, 13, 0, 2)
	CMPQ 144(AX), $0
	JEQ  product
	TILELOADD(8, 13, 64, 3)

product:
	CMPQ 144(AX), $0
	JEQ  narrow

step:
	TILELOADD(3, 12, 0, 6)
	TILELOADD(6, 9, 0, 4)
	TILELOADD(3, 12, 64, 7)
	TDPBF16PS(6, 4, 0)
	TILELOADD(2, 9, 0, 5)
	TDPBF16PS(7, 4, 1)
	TDPBF16PS(6, 5, 2)
	TDPBF16PS(7, 5, 3)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $2048, BX
	DECQ CX
	JNZ  step
	JMP  store

narrow:
	TILELOADD(3, 12, 0, 6)
	TILELOADD(6, 9, 0, 4)
	TDPBF16PS(6, 4, 0)
	TILELOADD(2, 9, 0, 5)
	TDPBF16PS(6, 5, 2)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $2048, BX
	DECQ CX
	JNZ  narrow

store:
	TILESTORED(0, 7, 13, 0)
	CMPQ 144(AX), $0
	JEQ  storeLower
	TILESTORED(1, 7, 13, 64)

storeLower:
	CMPQ 136(AX), $0
	JEQ  next
	TILESTORED(2, 8, 13, 0)
	CMPQ 144(AX), $0
	JEQ  next
	TILESTORED(3, 8, 13, 64)

next:
	LEAQ (DI)(R10*2), DI
	MOVQ R9, CX
	SHLQ $5, CX
	ADDQ CX, R14
	LAST_BLOCK(panelEnd)
	JMP  block

panelEnd:
	MOVQ 104(AX), CX
	ADDQ CX, 96(AX)
	ADDQ $128, 64(AX)
	DECQ 128(AX)
	JNZ  panel
	TILERELEASE
	RET

// ROUND_ROW rounds a row of finished sums at R8 to the row of c at R10.
#define ROUND_ROW \
	VMOVUPS (R8), Z0;         \
	VMOVUPS 64(R8), Z1;       \
	VCVTNE2PS2BF16(0, 1, 2);  \
	VMOVDQU16 Z2, K1, (R10);  \
	ADDQ $128, R8;            \
	ADDQ R13, R10

// func matMulRoundBF16AMX(args *argsBF16AMX)
//
// matMulBF16AMX with c in bfloat16 and no add. The frame has room for two blocks of
// 32 x 32 sums, at multiples of 64, used in turn: while the sums of a block are
// made, those of the one before are rounded, R11 rows to go.
TEXT ·matMulRoundBF16AMX(SB), 0, $8256-8
	NO_LOCAL_POINTERS
	MOVQ args+0(FP), AX
	LDTILECFG(0)
	MOVQ 72(AX), R13
	MOVQ 88(AX), R9
	MOVQ $128, R12
	MOVL 184(AX), CX
	KMOVD CX, K1
	LEAQ sums-8256(SP), CX
	ADDQ $63, CX
	ANDQ $~63, CX
	MOVQ CX, 192(AX)
	ADDQ $4096, CX
	MOVQ CX, 200(AX)
	XORQ R11, R11

panel:
	MOVQ 64(AX), DI
	MOVQ 80(AX), R14
	MOVQ 120(AX), R15

block:
	MOVQ R14, SI
	MOVQ R14, DX
	ADDQ 136(AX), DX
	MOVQ 96(AX), BX
	MOVQ 112(AX), CX
	TILEZERO(0)
	TILEZERO(1)
	TILEZERO(2)
	TILEZERO(3)

step:
	TILELOADD(3, 12, 0, 6)
	TILELOADD(6, 9, 0, 4)
	TILELOADD(3, 12, 64, 7)
	TDPBF16PS(6, 4, 0)
	TILELOADD(2, 9, 0, 5)
	TDPBF16PS(7, 4, 1)
	TDPBF16PS(6, 5, 2)
	TDPBF16PS(7, 5, 3)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ $2048, BX
	CMPQ R11, $8
	JLT  noRows
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	SUBQ $8, R11

noRows:
	DECQ CX
	JNZ  step
	TESTQ R11, R11
	JZ   store

rows:
	ROUND_ROW
	DECQ R11
	JNZ  rows

store:
	MOVQ 192(AX), R8
	MOVQ 200(AX), BX
	MOVQ BX, 192(AX)
	MOVQ R8, 200(AX)
	LEAQ 2048(R8), BX
	TILESTORED(0, 8, 12, 0)
	TILESTORED(1, 8, 12, 64)
	TILESTORED(2, 3, 12, 0)
	TILESTORED(3, 3, 12, 64)
	MOVQ DI, R10
	MOVQ 176(AX), R11
	MOVQ R13, CX
	SHLQ $5, CX
	ADDQ CX, DI
	MOVQ R9, CX
	SHLQ $5, CX
	ADDQ CX, R14
	LAST_BLOCK(panelEnd)
	JMP  block

panelEnd:
	MOVQ 104(AX), CX
	ADDQ CX, 96(AX)
	ADDQ $64, 64(AX)
	DECQ 128(AX)
	JNZ  panel

lastRows:
	ROUND_ROW
	DECQ R11
	JNZ  lastRows
	TILERELEASE
	VZEROUPPER
	RET
