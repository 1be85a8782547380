//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Tiles of R rows by 32 columns (two panels), as in matmul_avx512_amd64.s.
//
// VPDPBUSD multiplies unsigned bytes by signed ones, four products to a sum,
// without saturation. The weights take the unsigned place, 128 added already, so
// that a sum is 128 * the sum of its row of x too large: the accumulators start at
// Shift, which is that amount negated.
//
// Accumulators Z0..Z27, a row's two beside each other; Z28 and Z29 hold four k
// of the panels, Z31 broadcasts four k of a row of x.

#define ARGS \
	MOVQ a+0(FP), R15; \
	MOVQ argsI8_x(R15), R8; \
	MOVQ argsI8_ldx(R15), AX; \
	MOVQ argsI8_w0(R15), SI; \
	MOVQ argsI8_w1(R15), DI; \
	MOVQ argsI8_groups(R15), CX; \
	MOVQ argsI8_shift(R15), BX; \
	LEAQ (AX)(AX*2), R13; \
	LEAQ (R8)(R13*1), R9; \
	LEAQ (R9)(R13*1), R10; \
	LEAQ (R10)(R13*1), R11; \
	LEAQ (R11)(R13*1), R12

#define START(i, a, b) \
	VPBROADCASTD (i*4)(BX), a; \
	VMOVDQA32 a, b

// COLUMNS and ROWS take group o from where the pointers are.
#define COLUMNS(o) \
	VMOVDQU64 (o*64)(SI), Z28; \
	VMOVDQU64 (o*64)(DI), Z29

#define ROW(x, a, b) \
	VPBROADCASTD x, Z31; \
	VPDPBUSD Z31, Z28, a; \
	VPDPBUSD Z31, Z29, b

#define ROWS2(o) \
	ROW((o*4)(R8), Z0, Z1); \
	ROW((o*4)(R8)(AX*1), Z2, Z3)
#define ROWS4(o) \
	ROWS2(o); \
	ROW((o*4)(R8)(AX*2), Z4, Z5); \
	ROW((o*4)(R9), Z6, Z7)
#define ROWS8(o) \
	ROWS4(o); \
	ROW((o*4)(R9)(AX*1), Z8, Z9); \
	ROW((o*4)(R9)(AX*2), Z10, Z11); \
	ROW((o*4)(R10), Z12, Z13); \
	ROW((o*4)(R10)(AX*1), Z14, Z15)
#define ROWS14(o) \
	ROWS8(o); \
	ROW((o*4)(R10)(AX*2), Z16, Z17); \
	ROW((o*4)(R11), Z18, Z19); \
	ROW((o*4)(R11)(AX*1), Z20, Z21); \
	ROW((o*4)(R11)(AX*2), Z22, Z23); \
	ROW((o*4)(R12), Z24, Z25); \
	ROW((o*4)(R12)(AX*1), Z26, Z27)

#define START2 START(0, Z0, Z1); START(1, Z2, Z3)
#define START4 START2; START(2, Z4, Z5); START(3, Z6, Z7)
#define START8 START4; START(4, Z8, Z9); START(5, Z10, Z11); START(6, Z12, Z13); START(7, Z14, Z15)

#define NEXT(n) \
	ADDQ $(n*64), SI; \
	ADDQ $(n*64), DI; \
	ADDQ $(n*4), R8

#define NEXT8(n) \
	NEXT(n); \
	ADDQ $(n*4), R9; \
	ADDQ $(n*4), R10

#define NEXT14(n) \
	NEXT8(n); \
	ADDQ $(n*4), R11; \
	ADDQ $(n*4), R12

// Z28 and Z29 hold the columns' scales, of those that there are.
#define SCALES \
	MOVL argsI8_cols(R15), R13; \
	KMOVW R13, K1; \
	SHRL $16, R13; \
	KMOVW R13, K2; \
	MOVQ argsI8_sw(R15), SI; \
	VMOVUPS.Z (SI), K1, Z28; \
	VMOVUPS.Z 64(SI), K2, Z29; \
	MOVQ argsI8_sx(R15), SI; \
	MOVQ argsI8_y(R15), DX; \
	MOVQ argsI8_ldy(R15), BX

#define STORE(i, a, b) \
	VCVTDQ2PS a, a; \
	VCVTDQ2PS b, b; \
	VMULPS.BCST (i*4)(SI), a, a; \
	VMULPS.BCST (i*4)(SI), b, b; \
	VMULPS Z28, a, a; \
	VMULPS Z29, b, b; \
	VMOVUPS a, K1, (DX); \
	VMOVUPS b, K2, 64(DX); \
	ADDQ BX, DX

#define STORE2 STORE(0, Z0, Z1); STORE(1, Z2, Z3)
#define STORE4 STORE2; STORE(2, Z4, Z5); STORE(3, Z6, Z7)
#define STORE8 STORE4; STORE(4, Z8, Z9); STORE(5, Z10, Z11); STORE(6, Z12, Z13); STORE(7, Z14, Z15)

// While it multiplies it fetches a panel that comes later into the second-level
// cache.
//
// func tile14VNNI(a *argsI8)
TEXT ·tile14VNNI(SB), NOSPLIT, $0-8
	ARGS
	START8
	START(8, Z16, Z17)
	START(9, Z18, Z19)
	START(10, Z20, Z21)
	START(11, Z22, Z23)
	START(12, Z24, Z25)
	START(13, Z26, Z27)
	MOVQ argsI8_next(R15), BX
	SUBQ $2, CX
	JLT  last14

loop14:
	PREFETCHT1 (BX)
	COLUMNS(0)
	ROWS14(0)
	PREFETCHT1 64(BX)
	COLUMNS(1)
	ROWS14(1)
	NEXT14(2)
	SUBQ $-128, BX
	SUBQ $2, CX
	JGE  loop14

last14:
	ADDQ $2, CX
	JZ   store14
	COLUMNS(0)
	ROWS14(0)

store14:
	SCALES
	STORE8
	STORE(8, Z16, Z17)
	STORE(9, Z18, Z19)
	STORE(10, Z20, Z21)
	STORE(11, Z22, Z23)
	STORE(12, Z24, Z25)
	STORE(13, Z26, Z27)
	VZEROUPPER
	RET

// func tile8VNNI(a *argsI8)
TEXT ·tile8VNNI(SB), NOSPLIT, $0-8
	ARGS
	START8
	TESTQ CX, CX
	JZ store8

loop8:
	COLUMNS(0)
	ROWS8(0)
	NEXT8(1)
	DECQ CX
	JNZ  loop8

store8:
	SCALES
	STORE8
	VZEROUPPER
	RET

// func tile4VNNI(a *argsI8)
TEXT ·tile4VNNI(SB), NOSPLIT, $0-8
	ARGS
	START4
	TESTQ CX, CX
	JZ store4

loop4:
	COLUMNS(0)
	ROWS4(0)
	NEXT8(1)
	DECQ CX
	JNZ  loop4

store4:
	SCALES
	STORE4
	VZEROUPPER
	RET

// func tile2VNNI(a *argsI8)
TEXT ·tile2VNNI(SB), NOSPLIT, $0-8
	ARGS
	START2
	TESTQ CX, CX
	JZ store2

loop2:
	COLUMNS(0)
	ROWS2(0)
	NEXT(1)
	DECQ CX
	JNZ  loop2

store2:
	SCALES
	STORE2
	VZEROUPPER
	RET

// func tile1VNNI(a *argsI8)
TEXT ·tile1VNNI(SB), NOSPLIT, $0-8
	ARGS
	START(0, Z0, Z1)
	TESTQ CX, CX
	JZ store1

loop1:
	COLUMNS(0)
	ROW((R8), Z0, Z1)
	NEXT(1)
	DECQ CX
	JNZ  loop1

store1:
	SCALES
	STORE(0, Z0, Z1)
	VZEROUPPER
	RET
