//go:build !purego

#include "textflag.h"

#define TILE6 ·tile6F16AVX2
#define TILE4 ·tile4F16AVX2
#define TILE1 ·tile1F16AVX2
#define WIDTH 32
#define COLUMNS(o) \
	VCVTPH2PS (o*WIDTH)(SI), Y12; \
	VCVTPH2PS (o*WIDTH+WIDTH/2)(SI), Y13

#include "tiles_avx2_amd64.h"
