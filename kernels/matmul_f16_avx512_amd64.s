//go:build !purego

#include "textflag.h"

#define TILE14 ·tile14F16AVX512
#define TILE8 ·tile8F16AVX512
#define TILE4 ·tile4F16AVX512
#define TILE2 ·tile2F16AVX512
#define TILE1 ·tile1F16AVX512
#define WIDTH 32
#define COLUMNS(o) \
	VCVTPH2PS (o*WIDTH)(SI), Z28; \
	VCVTPH2PS (o*WIDTH)(DI), Z29

#include "tiles_avx512_amd64.h"
