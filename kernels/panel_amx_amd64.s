//go:build !purego

#include "textflag.h"
#include "amx_amd64.h"

// Registers of panelAMX, by number for the tiles:
// SI 6, DX 2: rows of a; BX 3: rows of b; DI 7, R8 8: rows of c;
// R9 9: aRow; R12 12: bStep; R13 13: cRow.

// func panelAMX(args *panelArgsAMX)
TEXT ·panelAMX(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), AX
	LDTILECFG(0)
	MOVQ 64(AX), DI
	MOVQ 72(AX), R13
	MOVQ 80(AX), R14
	MOVQ 88(AX), R9
	MOVQ 104(AX), R12
	MOVQ R12, R11
	SHLQ $4, R11      // 16 rows of b
	MOVQ 120(AX), R15
	MOVQ R13, R10
	SHLQ $4, R10      // 16 rows of c

block:
	MOVQ R14, SI
	MOVQ R14, DX
	ADDQ 128(AX), DX
	MOVQ 96(AX), BX
	MOVQ 112(AX), CX
	LEAQ (DI)(R10*1), R8
	TILEZERO(0)
	TILEZERO(1)
	TILEZERO(2)
	TILEZERO(3)
	CMPQ 144(AX), $0
	JEQ  product
	TILELOADD(7, 13, 0, 0)
	CMPQ 136(AX), $0
	JEQ  addLower
	TILELOADD(7, 13, 64, 1)

addLower:
	CMPQ 128(AX), $0
	JEQ  product
	TILELOADD(8, 13, 0, 2)
	CMPQ 136(AX), $0
	JEQ  product
	TILELOADD(8, 13, 64, 3)

product:
	CMPQ 136(AX), $0
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
	ADDQ R11, BX
	DECQ CX
	JNZ  step
	TILESTORED(0, 7, 13, 0)
	TILESTORED(1, 7, 13, 64)
	CMPQ 128(AX), $0
	JEQ  next
	TILESTORED(2, 8, 13, 0)
	TILESTORED(3, 8, 13, 64)
	JMP  next

narrow:
	TILELOADD(3, 12, 0, 6)
	TILELOADD(6, 9, 0, 4)
	TDPBF16PS(6, 4, 0)
	TILELOADD(2, 9, 0, 5)
	TDPBF16PS(6, 5, 2)
	ADDQ $64, SI
	ADDQ $64, DX
	ADDQ R11, BX
	DECQ CX
	JNZ  narrow
	TILESTORED(0, 7, 13, 0)
	CMPQ 128(AX), $0
	JEQ  next
	TILESTORED(2, 8, 13, 0)

next:
	LEAQ (R8)(R10*1), DI
	MOVQ R9, CX
	SHLQ $5, CX
	ADDQ CX, R14
	DECQ R15
	JNZ  block
	TILERELEASE
	RET
