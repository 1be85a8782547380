//go:build !purego

#include "textflag.h"

#define TILE14 ·tile14AVX512
#define TILE8 ·tile8AVX512
#define TILE4 ·tile4AVX512
#define TILE2 ·tile2AVX512
#define TILE1 ·tile1AVX512
#define WIDTH 64
#define COLUMNS(o) \
	VMOVUPS (o*WIDTH)(SI), Z28; \
	VMOVUPS (o*WIDTH)(DI), Z29

#include "tiles_avx512_amd64.h"
