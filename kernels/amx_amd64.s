//go:build !purego

#include "textflag.h"
#include "amx_amd64.h"

// func xcr0() uint64
TEXT ·xcr0(SB), NOSPLIT, $0-8
	XORL CX, CX
	XGETBV
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func peakAMX(config *tileConfig, steps int)
TEXT ·peakAMX(SB), NOSPLIT, $0-16
	MOVQ config+0(FP), AX
	MOVQ steps+8(FP), CX
	LDTILECFG(0)

loop:
	TDPBF16PS(6, 4, 0)
	TDPBF16PS(7, 4, 1)
	TDPBF16PS(6, 5, 2)
	TDPBF16PS(7, 5, 3)
	DECQ CX
	JNZ  loop
	TILERELEASE
	RET
