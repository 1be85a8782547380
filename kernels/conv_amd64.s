//go:build !purego

#include "textflag.h"

// What a depthwise convolution is made of, channels innermost: 32 of them at a time,
// whose weights or sums stay in registers over all rows, then 8.

// func mulAddAVX2(y, w, x *float32, rows, d, ld int)
TEXT ·mulAddAVX2(SB), NOSPLIT, $0-48
	MOVQ y+0(FP), DI
	MOVQ w+8(FP), DX
	MOVQ x+16(FP), SI
	MOVQ rows+24(FP), R8
	MOVQ d+32(FP), CX
	MOVQ ld+40(FP), R9
	SHLQ $2, R9

wide:
	CMPQ    CX, $32
	JLT     narrow
	VMOVUPS (DX), Y8
	VMOVUPS 32(DX), Y9
	VMOVUPS 64(DX), Y10
	VMOVUPS 96(DX), Y11
	MOVQ    DI, R10
	MOVQ    SI, R11
	MOVQ    R8, R12

wideRow:
	VMOVUPS     (R10), Y0
	VMOVUPS     32(R10), Y1
	VMOVUPS     64(R10), Y2
	VMOVUPS     96(R10), Y3
	VFMADD231PS (R11), Y8, Y0
	VFMADD231PS 32(R11), Y9, Y1
	VFMADD231PS 64(R11), Y10, Y2
	VFMADD231PS 96(R11), Y11, Y3
	VMOVUPS     Y0, (R10)
	VMOVUPS     Y1, 32(R10)
	VMOVUPS     Y2, 64(R10)
	VMOVUPS     Y3, 96(R10)
	ADDQ        R9, R10
	ADDQ        R9, R11
	DECQ        R12
	JNZ         wideRow
	ADDQ        $128, DI
	ADDQ        $128, SI
	ADDQ        $128, DX
	SUBQ        $32, CX
	JMP         wide

narrow:
	TESTQ   CX, CX
	JZ      done
	VMOVUPS (DX), Y8
	MOVQ    DI, R10
	MOVQ    SI, R11
	MOVQ    R8, R12

narrowRow:
	VMOVUPS     (R10), Y0
	VFMADD231PS (R11), Y8, Y0
	VMOVUPS     Y0, (R10)
	ADDQ        R9, R10
	ADDQ        R9, R11
	DECQ        R12
	JNZ         narrowRow
	ADDQ        $32, DI
	ADDQ        $32, SI
	ADDQ        $32, DX
	SUBQ        $8, CX
	JMP         narrow

done:
	VZEROUPPER
	RET

// func sumProductsAVX2(dw, dy, x *float32, rows, d, ld int)
TEXT ·sumProductsAVX2(SB), NOSPLIT, $0-48
	MOVQ dw+0(FP), DX
	MOVQ dy+8(FP), DI
	MOVQ x+16(FP), SI
	MOVQ rows+24(FP), R8
	MOVQ d+32(FP), CX
	MOVQ ld+40(FP), R9
	SHLQ $2, R9

sumWide:
	CMPQ    CX, $32
	JLT     sumNarrow
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVUPS 64(DX), Y2
	VMOVUPS 96(DX), Y3
	MOVQ    DI, R10
	MOVQ    SI, R11
	MOVQ    R8, R12

sumWideRow:
	VMOVUPS     (R10), Y8
	VMOVUPS     32(R10), Y9
	VMOVUPS     64(R10), Y10
	VMOVUPS     96(R10), Y11
	VFMADD231PS (R11), Y8, Y0
	VFMADD231PS 32(R11), Y9, Y1
	VFMADD231PS 64(R11), Y10, Y2
	VFMADD231PS 96(R11), Y11, Y3
	ADDQ        R9, R10
	ADDQ        R9, R11
	DECQ        R12
	JNZ         sumWideRow
	VMOVUPS     Y0, (DX)
	VMOVUPS     Y1, 32(DX)
	VMOVUPS     Y2, 64(DX)
	VMOVUPS     Y3, 96(DX)
	ADDQ        $128, DI
	ADDQ        $128, SI
	ADDQ        $128, DX
	SUBQ        $32, CX
	JMP         sumWide

sumNarrow:
	TESTQ   CX, CX
	JZ      sumDone
	VMOVUPS (DX), Y0
	MOVQ    DI, R10
	MOVQ    SI, R11
	MOVQ    R8, R12

sumNarrowRow:
	VMOVUPS     (R10), Y8
	VFMADD231PS (R11), Y8, Y0
	ADDQ        R9, R10
	ADDQ        R9, R11
	DECQ        R12
	JNZ         sumNarrowRow
	VMOVUPS     Y0, (DX)
	ADDQ        $32, DI
	ADDQ        $32, SI
	ADDQ        $32, DX
	SUBQ        $8, CX
	JMP         sumNarrow

sumDone:
	VZEROUPPER
	RET
