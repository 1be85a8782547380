//go:build !purego

#include "textflag.h"
#include "go_asm.h"
#include "amx_amd64.h"
#include "exp_amd64.h"

// A pair of panels holds 16 gates and their ups.
#define TILES ·swiGLUI8Tiles
#define WIDTH 64
#define START SIGMOID_LOAD
#define ROW \
	SIGMOID(Z0, Z3, Z4, Z5); \
	VMULPS Z3, Z0, Z0; \
	VMULPS Z1, Z0, Z0; \
	VMOVUPS Z0, (R12)

#include "matmul_i8_amx_amd64.h"
