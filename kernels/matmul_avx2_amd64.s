//go:build !purego

#include "textflag.h"

#define TILE6 ·tile6AVX2
#define TILE4 ·tile4AVX2
#define TILE1 ·tile1AVX2
#define WIDTH 64
#define COLUMNS(o) \
	VMOVUPS (o*WIDTH)(SI), Y12; \
	VMOVUPS (o*WIDTH+WIDTH/2)(SI), Y13

#include "tiles_avx2_amd64.h"
