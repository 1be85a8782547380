//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"

// A pair of panels holds 16 numbers of a head and the 16 that they are rotated
// with. What R13 is to the scales of rows, R14 is to their offsets.
#define TILES ·headI8Tiles
#define WIDTH 64
#define START \
	MOVQ argsAMX_turns(R15), DX; \
	MOVQ DX, argsAMX_turn(R15); \
	MOVQ argsAMX_offsets(R15), DX; \
	SUBQ argsAMX_sx(R15), DX; \
	MOVQ DX, argsAMX_toOffset(R15)
#define KEPT \
	MOVQ argsAMX_turn(R15), DX; \
	MOVQ turnAMX_cos(DX), R14; \
	MOVQ R14, argsAMX_cos(R15); \
	NEGQ R14; \
	ADDQ turnAMX_sin(DX), R14; \
	MOVQ R14, argsAMX_toSin(R15); \
	MOVQ turnAMX_mask(DX), R14; \
	MOVQ R14, argsAMX_turnMask(R15)
#define NEXT_PAIR \
	ADDQ $turnAMX__size, argsAMX_turn(R15)
#define ROW \
	MOVQ R13, R14; \
	ADDQ argsAMX_toOffset(R15), R14; \
	MOVL (R14), R14; \
	ANDQ argsAMX_turnMask(R15), R14; \
	ADDQ argsAMX_cos(R15), R14; \
	VMOVUPS (R14), Z2; \
	ADDQ argsAMX_toSin(R15), R14; \
	VMOVUPS (R14), Z3; \
	VMULPS Z2, Z0, Z4; \
	VMULPS Z2, Z1, Z5; \
	VFNMADD231PS Z3, Z1, Z4; \
	VFMADD231PS Z3, Z0, Z5; \
	VCVTNE2PS2BF16(4, 5, 4); \
	VMOVDQU64 Z4, (R12)

#include "matmul_i8_amx_amd64.h"
