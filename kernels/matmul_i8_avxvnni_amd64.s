//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Tiles of R rows by 16 columns (one panel), as in matmul_vnni_amd64.s with half
// the width: weights with 128 added are the unsigned factor, and the sums start
// at Shift.
//
// Accumulators Y0..Y11, a row's two beside each other; Y12 and Y13 hold four k
// of the panel, Y14 broadcasts four k of a row of x, Y15 the bits to flip.

// VPDPBUSD: Yd += unsigned Yu . signed Ys, by register number, in its VEX form,
// which Go's assembler does not know.
#define VPDPBUSDV(s, u, d) \
	BYTE $0xC4; \
	BYTE $(0xE2^((((d)>>3)&1)<<7)^((((s)>>3)&1)<<5)); \
	BYTE $(((((u)^15)&15)<<3)|5); \
	BYTE $0x50; \
	BYTE $(0xC0|(((d)&7)<<3)|((s)&7))

#define ARGS \
	MOVQ a+0(FP), R15; \
	MOVQ argsI8_x(R15), R8; \
	MOVQ argsI8_ldx(R15), AX; \
	MOVQ argsI8_w0(R15), SI; \
	MOVQ argsI8_groups(R15), CX; \
	MOVQ argsI8_shift(R15), BX; \
	LEAQ (R8)(AX*2), R9; \
	LEAQ (R9)(AX*2), R10; \
	MOVL $0x80808080, R13; \
	VMOVD R13, X15; \
	VPBROADCASTD X15, Y15

#define START(i, a, b) \
	VPBROADCASTD (i*4)(BX), a; \
	VMOVDQA a, b

#define COLUMNS \
	VPXOR (SI), Y15, Y12; \
	VPXOR 32(SI), Y15, Y13

#define ROW(x, a, b) \
	VPBROADCASTD x, Y14; \
	VPDPBUSDV(14, 12, a); \
	VPDPBUSDV(14, 13, b)

#define NEXT \
	ADDQ $64, SI; \
	ADDQ $4, R8; \
	ADDQ $4, R9; \
	ADDQ $4, R10

// Y12 and Y13 hold the columns' scales; DI is the mask, where there is one.
#define SCALES \
	MOVQ argsI8_sw(R15), SI; \
	VMOVUPS (SI), Y12; \
	VMOVUPS 32(SI), Y13; \
	MOVQ argsI8_sx(R15), SI; \
	MOVQ argsI8_y(R15), DX; \
	MOVQ argsI8_ldy(R15), BX; \
	MOVQ argsI8_mask(R15), DI

#define SCALE(i, a, b) \
	VBROADCASTSS (i*4)(SI), Y14; \
	VCVTDQ2PS a, a; \
	VCVTDQ2PS b, b; \
	VMULPS Y14, a, a; \
	VMULPS Y14, b, b; \
	VMULPS Y12, a, a; \
	VMULPS Y13, b, b

#define STORE(a, b) \
	VMOVUPS a, (DX); \
	VMOVUPS b, 32(DX); \
	ADDQ BX, DX

#define MASKSTORE(a, b) \
	VMASKMOVPS a, Y14, (DX); \
	VMASKMOVPS b, Y15, 32(DX); \
	ADDQ BX, DX

#define MASK \
	VMOVDQU (DI), Y14; \
	VMOVDQU 32(DI), Y15

// func tileI8x6AVXVNNI(a *argsI8)
TEXT ·tileI8x6AVXVNNI(SB), NOSPLIT, $0-8
	ARGS
	START(0, Y0, Y1)
	START(1, Y2, Y3)
	START(2, Y4, Y5)
	START(3, Y6, Y7)
	START(4, Y8, Y9)
	START(5, Y10, Y11)
	TESTQ CX, CX
	JZ scale6

loop6:
	COLUMNS
	ROW((R8), 0, 1)
	ROW((R8)(AX*1), 2, 3)
	ROW((R9), 4, 5)
	ROW((R9)(AX*1), 6, 7)
	ROW((R10), 8, 9)
	ROW((R10)(AX*1), 10, 11)
	NEXT
	DECQ CX
	JNZ  loop6

scale6:
	SCALES
	SCALE(0, Y0, Y1)
	SCALE(1, Y2, Y3)
	SCALE(2, Y4, Y5)
	SCALE(3, Y6, Y7)
	SCALE(4, Y8, Y9)
	SCALE(5, Y10, Y11)
	TESTQ DI, DI
	JNZ masked6
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	VZEROUPPER
	RET

masked6:
	MASK
	MASKSTORE(Y0, Y1)
	MASKSTORE(Y2, Y3)
	MASKSTORE(Y4, Y5)
	MASKSTORE(Y6, Y7)
	MASKSTORE(Y8, Y9)
	MASKSTORE(Y10, Y11)
	VZEROUPPER
	RET

// func tileI8x1AVXVNNI(a *argsI8)
TEXT ·tileI8x1AVXVNNI(SB), NOSPLIT, $0-8
	ARGS
	START(0, Y0, Y1)
	TESTQ CX, CX
	JZ scale1

loop1:
	COLUMNS
	ROW((R8), 0, 1)
	NEXT
	DECQ CX
	JNZ  loop1

scale1:
	SCALES
	SCALE(0, Y0, Y1)
	TESTQ DI, DI
	JNZ masked1
	STORE(Y0, Y1)
	VZEROUPPER
	RET

masked1:
	MASK
	MASKSTORE(Y0, Y1)
	VZEROUPPER
	RET

#define DP3(a, b, c) \
	VPDPBUSDV(14, 12, a); \
	VPDPBUSDV(14, 12, b); \
	VPDPBUSDV(14, 12, c)

// func peakAVXVNNI(steps int)
TEXT ·peakAVXVNNI(SB), NOSPLIT, $0-8
	MOVQ steps+0(FP), CX
	VZEROALL

peak:
	DP3(0, 1, 2)
	DP3(3, 4, 5)
	DP3(6, 7, 8)
	DP3(9, 10, 11)
	DECQ CX
	JNZ  peak
	VZEROUPPER
	RET
