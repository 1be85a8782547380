//go:build !purego

#include "textflag.h"
#include "go_asm.h"

// Tiles of R rows by 16 columns (one panel).
//
// VPMADDUBSW multiplies unsigned bytes by signed ones and adds two products in
// 16 bits, with saturation. |w| takes the unsigned place and x with the sign of
// w the other: two products of at most 128 * 127 never saturate.
//
// Accumulators Y0..Y7, a row's two beside each other; Y8 and Y9 hold four k of
// the panel, Y10 and Y11 their absolute values, Y12 broadcasts four k of a row
// of x, Y15 is ones.

#define ARGS \
	MOVQ a+0(FP), R15; \
	MOVQ argsI8_x(R15), R8; \
	MOVQ argsI8_ldx(R15), AX; \
	MOVQ argsI8_w0(R15), SI; \
	MOVQ argsI8_groups(R15), CX; \
	LEAQ (R8)(AX*2), R9; \
	VPCMPEQW Y15, Y15, Y15; \
	VPSRLW $15, Y15, Y15

#define ZERO(a, b) \
	VPXOR a, a, a; \
	VPXOR b, b, b

#define COLUMNS \
	VMOVDQU (SI), Y8; \
	VMOVDQU 32(SI), Y9; \
	VPABSB Y8, Y10; \
	VPABSB Y9, Y11

#define HALF(w, size, sum) \
	VPSIGNB w, Y12, Y13; \
	VPMADDUBSW Y13, size, Y13; \
	VPMADDWD Y13, Y15, Y13; \
	VPADDD Y13, sum, sum

#define ROW(x, a, b) \
	VPBROADCASTD x, Y12; \
	HALF(Y8, Y10, a); \
	HALF(Y9, Y11, b)

#define NEXT \
	ADDQ $64, SI; \
	ADDQ $4, R8; \
	ADDQ $4, R9

// Y8 and Y9 hold the columns' scales, Y10 and Y11 the mask where there is one.
#define SCALES \
	MOVQ argsI8_sw(R15), SI; \
	VMOVUPS (SI), Y8; \
	VMOVUPS 32(SI), Y9; \
	MOVQ argsI8_sx(R15), SI; \
	MOVQ argsI8_y(R15), DX; \
	MOVQ argsI8_ldy(R15), BX; \
	MOVQ argsI8_mask(R15), DI

#define SCALE(i, a, b) \
	VBROADCASTSS (i*4)(SI), Y12; \
	VCVTDQ2PS a, a; \
	VCVTDQ2PS b, b; \
	VMULPS Y12, a, a; \
	VMULPS Y12, b, b; \
	VMULPS Y8, a, a; \
	VMULPS Y9, b, b

#define STORE(a, b) \
	VMOVUPS a, (DX); \
	VMOVUPS b, 32(DX); \
	ADDQ BX, DX

#define MASKSTORE(a, b) \
	VMASKMOVPS a, Y10, (DX); \
	VMASKMOVPS b, Y11, 32(DX); \
	ADDQ BX, DX

// func tileI8x4AVX2(a *argsI8)
TEXT ·tileI8x4AVX2(SB), NOSPLIT, $0-8
	ARGS
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	TESTQ CX, CX
	JZ scale4

loop4:
	COLUMNS
	ROW((R8), Y0, Y1)
	ROW((R8)(AX*1), Y2, Y3)
	ROW((R9), Y4, Y5)
	ROW((R9)(AX*1), Y6, Y7)
	NEXT
	DECQ CX
	JNZ  loop4

scale4:
	SCALES
	SCALE(0, Y0, Y1)
	SCALE(1, Y2, Y3)
	SCALE(2, Y4, Y5)
	SCALE(3, Y6, Y7)
	TESTQ DI, DI
	JNZ masked4
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	VZEROUPPER
	RET

masked4:
	VMOVDQU (DI), Y10
	VMOVDQU 32(DI), Y11
	MASKSTORE(Y0, Y1)
	MASKSTORE(Y2, Y3)
	MASKSTORE(Y4, Y5)
	MASKSTORE(Y6, Y7)
	VZEROUPPER
	RET

// func tileI8x1AVX2(a *argsI8)
TEXT ·tileI8x1AVX2(SB), NOSPLIT, $0-8
	ARGS
	ZERO(Y0, Y1)
	TESTQ CX, CX
	JZ scale1

loop1:
	COLUMNS
	ROW((R8), Y0, Y1)
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
	VMOVDQU (DI), Y10
	VMOVDQU 32(DI), Y11
	MASKSTORE(Y0, Y1)
	VZEROUPPER
	RET
