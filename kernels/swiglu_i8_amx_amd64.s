//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "amx_amd64.h"
#include "bf16_amd64.h"
#include "exp_amd64.h"

// A pair of panels holds 16 gates and their ups.
#define TILES ·swiGLUI8Tiles
#define WIDTH 32
#define START SWIGLU_LOAD
#define KEPT
#define NEXT_PAIR
#define ROW \
	SWIGLU; \
	VMOVDQU Y0, (R12)

#include "matmul_i8_amx_amd64.h"

// func swiGLURoundAVX512(act *BF16, actRow int, gateUp *float32, rows, pairs int)
TEXT ·swiGLURoundAVX512(SB), NOSPLIT, $0-40
	MOVQ act+0(FP), DI
	MOVQ actRow+8(FP), R8
	MOVQ gateUp+16(FP), SI
	MOVQ rows+24(FP), R10
	MOVQ pairs+32(FP), R9
	SWIGLU_LOAD

row:
	MOVQ R9, CX
	MOVQ DI, BX

pair:
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	SWIGLU
	VMOVDQU Y0, (BX)
	SUBQ $-128, SI
	ADDQ $32, BX
	DECQ CX
	JNZ  pair
	ADDQ R8, DI
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET
