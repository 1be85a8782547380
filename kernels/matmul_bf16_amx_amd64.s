//go:build !purego

#include "textflag.h"
#include "funcdata.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"

// Registers by number, as tiles need them: SI 6 and DX 2 rows of a, R9 9 aRow;
// BX 3 rows of b, R12 12 their distance; DI 7 and R8 8 rows of c, R13 13 cRow.
// AX args, CX steps left, R14 the block's a, R15 blocks left, R10 16*cRow.

#define ROUND_ROW \
	VMOVUPS (R8), Z0; \
	VMOVUPS 64(R8), Z1; \
	VCVTNE2PS2BF16(0, 1, 2); \
	VMOVDQU16 Z2, K1, (DX); \
	ADDQ $128, R8; \
	ADDQ R13, DX

// func matMulBF16AMX(args *argsBF16AMX)
//
// The frame has room for 32 x 32 sums on their way to bfloat16, at a multiple of 64.
TEXT ·matMulBF16AMX(SB), 0, $4160-8
	NO_LOCAL_POINTERS
	MOVQ args+0(FP), AX
	LDTILECFG(0)
	MOVQ 72(AX), R13
	MOVQ 88(AX), R9
	MOVQ $128, R12
	MOVQ R13, R10
	SHLQ $4, R10
	MOVL 176(AX), CX
	KMOVD CX, K1

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
	CMPQ 160(AX), $0
	JNE  rounded
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
	DECQ R15
	JNZ  block
	MOVQ 104(AX), CX
	ADDQ CX, 96(AX)
	MOVQ $128, CX
	CMPQ 160(AX), $0
	JEQ  advance
	MOVQ $64, CX

advance:
	ADDQ CX, 64(AX)
	DECQ 128(AX)
	JNZ  panel
	TILERELEASE
	VZEROUPPER
	RET

rounded:
	LEAQ sums-4160(SP), R8
	ADDQ $63, R8
	ANDQ $~63, R8
	TILESTORED(0, 8, 12, 0)
	CMPQ 144(AX), $0
	JEQ  roundLower
	TILESTORED(1, 8, 12, 64)

roundLower:
	CMPQ 136(AX), $0
	JEQ  rows
	LEAQ 2048(R8), BX
	TILESTORED(2, 3, 12, 0)
	CMPQ 144(AX), $0
	JEQ  rows
	TILESTORED(3, 3, 12, 64)

rows:
	MOVQ DI, DX
	MOVQ 168(AX), CX
	SUBQ $4, CX
	JLT  lastRows

fourRows:
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	ROUND_ROW
	SUBQ $4, CX
	JGE  fourRows

lastRows:
	ADDQ $4, CX
	JZ   next

oneRow:
	ROUND_ROW
	DECQ CX
	JNZ  oneRow
	JMP  next
