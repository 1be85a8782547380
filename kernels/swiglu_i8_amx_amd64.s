//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"
#include "exp2_fast_amd64.h"

// A pair of panels holds 16 gates and their ups. Z27 is 1, Z26 -1/ln 2.
#define TILES ·swiGLUI8Tiles
#define WIDTH 32
#define START \
	FAST2_LOAD; \
	MOVL $0x3f800000, DX; \
	VPBROADCASTD DX, Z27; \
	MOVL $0xbfb8aa3b, DX; \
	VPBROADCASTD DX, Z26
#define KEPT
#define NEXT_PAIR
#define ROW \
	VMULPS Z26, Z0, Z3; \
	FAST2(Z3, Z4, Z5); \
	VADDPS Z27, Z5, Z5; \
	VRCP14PS Z5, Z5; \
	VMULPS Z1, Z0, Z0; \
	VMULPS Z5, Z0, Z0; \
	VCVTNEPS2BF16(0, 0); \
	VMOVDQU Y0, (R12)

#include "matmul_i8_amx_amd64.h"
