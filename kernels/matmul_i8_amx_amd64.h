// Blocks of up to 32 rows by 32 columns (two panels), in four tiles of sums:
//
//	0 1   =  4  .  6 7
//	2 3      5
//
// R8 and R9 point at tiles 4 and 5, AX is their stride; SI and DI at 6 and 7,
// CX is 64. The sums of a block are converted while the next one is multiplied:
// R10 rows of them are left, at R11, for R12 in y with the scales of rows at
// R13, of columns in Z6 and Z7, of which K3 and K4 exist. Z8, Z9, K1 and K2
// are those of the block that is multiplied. BX fetches the next pair of panels.
//
// Who includes this names the function TILES, loads with START what ROW needs,
// which finishes a row from Z0 and Z1 with Z2 to Z5 free, and sets WIDTH, the bytes
// of a row of y that a pair of panels fills. KEPT may look at the pair whose sums
// are kept, NEXT_PAIR goes on to the next; both may use DX and R14, as ROW may R14.

// SCALED takes a row of sums.
#define SCALED \
	VCVTDQ2PS (R11), Z0; \
	VCVTDQ2PS 64(R11), Z1; \
	VMULPS.BCST (R13), Z0, Z0; \
	VMULPS.BCST (R13), Z1, Z1; \
	VMULPS  Z6, Z0, Z0; \
	VMULPS  Z7, Z1, Z1

#define FINISH \
	SCALED; \
	ROW; \
	ADDQ $128, R11; \
	ADDQ argsAMX_ldy(R15), R12; \
	ADDQ $4, R13

TEXT TILES(SB), 0, $4160-8
	MOVQ a+0(FP), R15
	LEAQ 63(SP), R11
	ANDQ $-64, R11
	MOVQ R11, argsAMX_sums(R15)
	LEAQ argsAMX_config(R15), DX
	LDTILECFG(2)
	MOVQ argsAMX_ldx(R15), AX
	MOVQ $64, CX
	START
	XORQ R10, R10
	MOVL $-1, DX
	KMOVW DX, K1
	KMOVW DX, K2

pair:
	CMPQ argsAMX_pairs(R15), $1
	JNE  whole
	MOVL argsAMX_cols(R15), DX
	KMOVW DX, K1
	SHRL $16, DX
	KMOVW DX, K2

whole:
	MOVQ argsAMX_sw(R15), DX
	VMOVUPS.Z (DX), K1, Z8
	VMOVUPS.Z 64(DX), K2, Z9
	MOVQ argsAMX_blocks(R15), DX
	MOVQ DX, argsAMX_block(R15)
	MOVQ argsAMX_x(R15), DX
	MOVQ DX, argsAMX_blockX(R15)
	MOVQ argsAMX_y(R15), DX
	MOVQ DX, argsAMX_blockY(R15)
	MOVQ argsAMX_sx(R15), DX
	MOVQ DX, argsAMX_blockS(R15)
	MOVQ argsAMX_w(R15), BX
	MOVQ argsAMX_panel(R15), DX
	LEAQ (BX)(DX*2), BX

block:
	MOVQ argsAMX_w(R15), SI
	MOVQ SI, DI
	MOVQ argsAMX_pairs(R15), DX
	SUBQ $1, DX
	JNE  both
	CMPL argsAMX_odd(R15), $0
	JNE  multiply

both:
	ADDQ argsAMX_panel(R15), DI

multiply:
	MOVQ argsAMX_blockX(R15), R8
	MOVQ argsAMX_bottom(R15), DX
	CMPQ argsAMX_block(R15), $1
	JNE  start
	MOVQ argsAMX_xLast(R15), R8
	MOVQ argsAMX_lastBottom(R15), DX

start:
	MOVQ DX, argsAMX_lower(R15)
	MOVQ argsAMX_steps(R15), DX
	TILEZERO(0)
	TILEZERO(1)
	CMPQ argsAMX_lower(R15), $0
	JEQ  step1
	MOVQ R8, R9
	ADDQ argsAMX_bottomX(R15), R9
	TILEZERO(2)
	TILEZERO(3)
	JMP  step2

step2rows:
	TILELOADD(6, 1, 0, 6)
	TILELOADD(8, 0, 0, 4)
	TILELOADD(7, 1, 0, 7)
	TDPBSSD(6, 4, 0)
	FINISH
	TILELOADD(9, 0, 0, 5)
	TDPBSSD(7, 4, 1)
	FINISH
	TDPBSSD(6, 5, 2)
	FINISH
	TDPBSSD(7, 5, 3)
	FINISH
	SUBQ $4, R10
	JMP  next2

step2:
	CMPQ R10, $4
	JGE  step2rows
	TILELOADD(6, 1, 0, 6)
	TILELOADD(8, 0, 0, 4)
	TILELOADD(7, 1, 0, 7)
	TDPBSSD(6, 4, 0)
	TILELOADD(9, 0, 0, 5)
	TDPBSSD(7, 4, 1)
	TDPBSSD(6, 5, 2)
	TDPBSSD(7, 5, 3)

next2:
	MOVQ argsAMX_fetch(R15), R14

fetch2:
	PREFETCHT1 (BX)
	PREFETCHT1 64(BX)
	PREFETCHT1 128(BX)
	PREFETCHT1 192(BX)
	ADDQ $256, BX
	DECQ R14
	JNZ  fetch2
	ADDQ $1024, SI
	ADDQ $1024, DI
	ADDQ $64, R8
	ADDQ $64, R9
	DECQ DX
	JNZ  step2
	JMP  drain

step1rows:
	TILELOADD(6, 1, 0, 6)
	TILELOADD(8, 0, 0, 4)
	TILELOADD(7, 1, 0, 7)
	TDPBSSD(6, 4, 0)
	FINISH
	TDPBSSD(7, 4, 1)
	FINISH
	FINISH
	FINISH
	SUBQ $4, R10
	JMP  next1

step1:
	CMPQ R10, $4
	JGE  step1rows
	TILELOADD(6, 1, 0, 6)
	TILELOADD(8, 0, 0, 4)
	TILELOADD(7, 1, 0, 7)
	TDPBSSD(6, 4, 0)
	TDPBSSD(7, 4, 1)

next1:
	MOVQ argsAMX_fetch(R15), R14

fetch1:
	PREFETCHT1 (BX)
	PREFETCHT1 64(BX)
	PREFETCHT1 128(BX)
	PREFETCHT1 192(BX)
	ADDQ $256, BX
	DECQ R14
	JNZ  fetch1
	ADDQ $1024, SI
	ADDQ $1024, DI
	ADDQ $64, R8
	DECQ DX
	JNZ  step1

drain:
	TESTQ R10, R10
	JEQ   keep
	FINISH
	DECQ  R10
	JMP   drain

keep:
	MOVQ argsAMX_sums(R15), R11
	MOVQ $128, DX
	LEAQ 64(R11), SI
	TILESTORED(0, 11, 2, 0)
	TILESTORED(1, 6, 2, 0)
	CMPQ argsAMX_lower(R15), $0
	JEQ  kept
	MOVQ R11, DI
	ADDQ argsAMX_bottomSum(R15), DI
	LEAQ 64(DI), SI
	TILESTORED(2, 7, 2, 0)
	TILESTORED(3, 6, 2, 0)

kept:
	MOVQ argsAMX_top(R15), R10
	ADDQ argsAMX_lower(R15), R10
	MOVQ argsAMX_blockY(R15), R12
	MOVQ argsAMX_blockS(R15), R13
	KMOVW K1, K3
	KMOVW K2, K4
	VMOVAPS Z8, Z6
	VMOVAPS Z9, Z7
	KEPT
	MOVQ argsAMX_nextX(R15), DX
	ADDQ DX, argsAMX_blockX(R15)
	MOVQ argsAMX_nextY(R15), DX
	ADDQ DX, argsAMX_blockY(R15)
	MOVQ argsAMX_nextS(R15), DX
	ADDQ DX, argsAMX_blockS(R15)
	SUBQ $1, argsAMX_block(R15)
	JNE  block

	// the last block of a pair overlaps the one before
	MOVQ argsAMX_yLast(R15), R12
	MOVQ argsAMX_sxLast(R15), R13
	ADDQ $WIDTH, argsAMX_y(R15)
	ADDQ $WIDTH, argsAMX_yLast(R15)
	ADDQ $128, argsAMX_sw(R15)
	MOVQ argsAMX_panel(R15), DX
	ADDQ DX, DX
	ADDQ DX, argsAMX_w(R15)
	NEXT_PAIR
	SUBQ $1, argsAMX_pairs(R15)
	JNE  pair

last:
	FINISH
	DECQ R10
	JNZ  last
	TILERELEASE
	VZEROUPPER
	RET
