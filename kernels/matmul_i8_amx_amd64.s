//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "amx_amd64.h"

#define TILES ·matMulI8Tiles
#define WIDTH 128
#define START
#define KEPT
#define NEXT_PAIR
#define ROW \
	VMOVUPS Z0, K3, (R12); \
	VMOVUPS Z1, K4, 64(R12)

#include "matmul_i8_amx_amd64.h"
