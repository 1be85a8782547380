//go:build !purego

#include "textflag.h"

// Row kernels, eight numbers at a time. n is a multiple of 8 and not 0.

// func addAVX2(y, a *float32, n int)
TEXT ·addAVX2(SB), NOSPLIT, $0-24
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX

add:
	VMOVUPS (DI), Y0
	VADDPS  (SI), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     add
	VZEROUPPER
	RET

// func add2AVX2(y, a, b *float32, n int)
TEXT ·add2AVX2(SB), NOSPLIT, $0-32
	MOVQ y+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX

add2:
	VMOVUPS (SI), Y0
	VADDPS  (DX), Y0, Y0
	VADDPS  (DI), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     add2
	VZEROUPPER
	RET

// func scaleAVX2(y *float32, by float32, n int)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-24
	MOVQ y+0(FP), DI
	VBROADCASTSS by+8(FP), Y1
	MOVQ n+16(FP), CX

scale:
	VMULPS  (DI), Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $8, CX
	JNZ     scale
	VZEROUPPER
	RET

// func addSquaresAVX2(h, y *float32, n int) float32
TEXT ·addSquaresAVX2(SB), NOSPLIT, $0-28
	MOVQ   h+0(FP), DI
	MOVQ   y+8(FP), SI
	MOVQ   n+16(FP), CX
	VXORPS Y0, Y0, Y0

squares:
	VMOVUPS     (DI), Y1
	VADDPS      (SI), Y1, Y1
	VMOVUPS     Y1, (DI)
	VFMADD231PS Y1, Y1, Y0
	ADDQ        $32, SI
	ADDQ        $32, DI
	SUBQ        $8, CX
	JNZ         squares

	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VMOVHLPS     X0, X0, X1
	VADDPS       X1, X0, X0
	VMOVSHDUP    X0, X1
	VADDSS       X1, X0, X0
	VMOVSS       X0, ret+24(FP)
	VZEROUPPER
	RET

// func ropeRowsAVX2(x *float32, xRow, rows, half int, cos, sin *float32)
TEXT ·ropeRowsAVX2(SB), NOSPLIT, $0-48
	MOVQ x+0(FP), BX
	MOVQ xRow+8(FP), AX
	MOVQ rows+16(FP), DX
	MOVQ half+24(FP), R10
	MOVQ cos+32(FP), R8
	MOVQ sin+40(FP), R9

row:
	MOVQ BX, DI
	LEAQ (BX)(R10*4), SI
	MOVQ R10, CX

halves:
	VMOVUPS      (DI), Y0
	VMOVUPS      (SI), Y1
	VMOVUPS      (R8), Y2
	VMOVUPS      (R9), Y3
	VMULPS       Y1, Y3, Y4
	VMULPS       Y0, Y3, Y5
	VFMSUB231PS  Y0, Y2, Y4
	VFMADD231PS  Y1, Y2, Y5
	VMOVUPS      Y4, (DI)
	VMOVUPS      Y5, (SI)
	ADDQ         $32, DI
	ADDQ         $32, SI
	ADDQ         $32, R8
	ADDQ         $32, R9
	SUBQ         $8, CX
	JNZ  halves
	ADDQ AX, BX
	DECQ DX
	JNZ  row
	VZEROUPPER
	RET

// func setRowAVX2(out, row *float32, n int)
TEXT ·setRowAVX2(SB), NOSPLIT, $0-24
	MOVQ out+0(FP), DI
	MOVQ row+8(FP), SI
	MOVQ n+16(FP), CX

setrow:
	MOVQ (SI), R8
	MOVQ 8(SI), R9
	MOVQ 16(SI), R10
	MOVQ 24(SI), R11
	MOVL R8, (DI)
	SHRQ $32, R8
	MOVL R9, 128(DI)
	SHRQ $32, R9
	MOVL R10, 256(DI)
	SHRQ $32, R10
	MOVL R11, 384(DI)
	SHRQ $32, R11
	MOVL R8, 64(DI)
	MOVL R9, 192(DI)
	MOVL R10, 320(DI)
	MOVL R11, 448(DI)
	ADDQ $32, SI
	ADDQ $512, DI
	SUBQ $8, CX
	JNZ  setrow
	RET
