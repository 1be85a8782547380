//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"

// func pairRowsAVX512(dst *BF16, panel int, src *BF16, srcRow, pairs, cols int)
//
// Row by row, as memory is read best: 32 columns go to a panel, 16 to the last.
TEXT ·pairRowsAVX512(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ panel+8(FP), R8
	MOVQ src+16(FP), SI
	MOVQ srcRow+24(FP), DX
	MOVQ pairs+32(FP), R9
	VMOVDQU64 pairOrder<>(SB), Z3
pair:
	MOVQ DI, BX
	MOVQ SI, AX
	MOVQ cols+40(FP), CX
	SUBQ $32, CX
	JLT last
loop:
	VMOVDQU (AX), Y0
	VMOVDQU 32(AX), Y1
	VINSERTI64X4 $1, (AX)(DX*1), Z0, Z0
	VINSERTI64X4 $1, 32(AX)(DX*1), Z1, Z1
	VPERMW Z0, Z3, Z0
	VPERMW Z1, Z3, Z1
	VMOVDQU64 Z0, (BX)
	VMOVDQU64 Z1, 64(BX)
	ADDQ $64, AX
	ADDQ R8, BX
	SUBQ $32, CX
	JGE loop
last:
	ADDQ $32, CX
	JZ next
	VMOVDQU (AX), Y0
	VINSERTI64X4 $1, (AX)(DX*1), Z0, Z0
	VPERMW Z0, Z3, Z0
	VMOVDQU64 Z0, (BX)
next:
	LEAQ (SI)(DX*2), SI
	ADDQ $128, DI
	DECQ R9
	JNZ pair
	VZEROUPPER
	RET

// LANES4 sets z to 16 bytes of each of four rows.
#define LANES4(z, x, r0, r1, r2, r3) \
	VMOVDQU r0, x;                  \
	VBROADCASTI32X4 r1, K1, z;      \
	VBROADCASTI32X4 r2, K2, z;      \
	VBROADCASTI32X4 r3, K3, z

#define LANE_MASKS \
	MOVL $0x00f0, CX; KMOVW CX, K1; \
	MOVL $0x0f00, CX; KMOVW CX, K2; \
	MOVL $0xf000, CX; KMOVW CX, K3

// func packDotsAVX512(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow, octets int)
//
// Lane l of register i holds four pairs of row 4l+i; transposing the pairs in
// every lane gives a pair of all 16 rows.
TEXT ·packDotsAVX512(SB), NOSPLIT, $0-40
	LANE_MASKS
	MOVQ dst+0(FP), DI
	MOVQ dstRow+8(FP), R12
	MOVQ src+16(FP), R8
	MOVQ srcRow+24(FP), AX
	MOVQ octets+32(FP), CX
	LEAQ (R12)(R12*2), R13
	LEAQ (AX)(AX*2), BX
	LEAQ (R8)(AX*4), R9
	LEAQ (R9)(AX*4), R10
	LEAQ (R10)(AX*4), R11
octet:
	LANES4(Z0, X0, (R8), (R9), (R10), (R11))
	LANES4(Z1, X1, (R8)(AX*1), (R9)(AX*1), (R10)(AX*1), (R11)(AX*1))
	LANES4(Z2, X2, (R8)(AX*2), (R9)(AX*2), (R10)(AX*2), (R11)(AX*2))
	LANES4(Z3, X3, (R8)(BX*1), (R9)(BX*1), (R10)(BX*1), (R11)(BX*1))
	VPUNPCKLDQ Z1, Z0, Z4
	VPUNPCKHDQ Z1, Z0, Z5
	VPUNPCKLDQ Z3, Z2, Z6
	VPUNPCKHDQ Z3, Z2, Z7
	VPUNPCKLQDQ Z6, Z4, Z0
	VPUNPCKHQDQ Z6, Z4, Z1
	VPUNPCKLQDQ Z7, Z5, Z2
	VPUNPCKHQDQ Z7, Z5, Z3
	VMOVDQU64 Z0, (DI)
	VMOVDQU64 Z1, (DI)(R12*1)
	VMOVDQU64 Z2, (DI)(R12*2)
	VMOVDQU64 Z3, (DI)(R13*1)
	ADDQ $16, R8
	ADDQ $16, R9
	ADDQ $16, R10
	ADDQ $16, R11
	LEAQ (DI)(R12*4), DI
	DECQ CX
	JNZ octet
	VZEROUPPER
	RET

// func transposeAVX512(dst *BF16, dstRow int, src *BF16, srcRow, octets int)
//
// Lane l of register i holds eight numbers of row 8l+i; transposing the numbers
// in every lane gives a column of all 32 rows.
TEXT ·transposeAVX512(SB), NOSPLIT, $0-40
	LANE_MASKS
	MOVQ dst+0(FP), DI
	MOVQ dstRow+8(FP), SI
	MOVQ src+16(FP), R8
	MOVQ srcRow+24(FP), AX
	MOVQ octets+32(FP), CX
	LEAQ (AX)(AX*2), BX
	LEAQ (AX)(AX*4), DX
	LEAQ (BX)(AX*4), R13
	LEAQ (R8)(AX*8), R9
	LEAQ (R9)(AX*8), R10
	LEAQ (R10)(AX*8), R11
	LEAQ (SI)(SI*2), R12
octet:
	LANES4(Z0, X0, (R8), (R9), (R10), (R11))
	LANES4(Z1, X1, (R8)(AX*1), (R9)(AX*1), (R10)(AX*1), (R11)(AX*1))
	LANES4(Z2, X2, (R8)(AX*2), (R9)(AX*2), (R10)(AX*2), (R11)(AX*2))
	LANES4(Z3, X3, (R8)(BX*1), (R9)(BX*1), (R10)(BX*1), (R11)(BX*1))
	LANES4(Z4, X4, (R8)(AX*4), (R9)(AX*4), (R10)(AX*4), (R11)(AX*4))
	LANES4(Z5, X5, (R8)(DX*1), (R9)(DX*1), (R10)(DX*1), (R11)(DX*1))
	LANES4(Z6, X6, (R8)(BX*2), (R9)(BX*2), (R10)(BX*2), (R11)(BX*2))
	LANES4(Z7, X7, (R8)(R13*1), (R9)(R13*1), (R10)(R13*1), (R11)(R13*1))
	VPUNPCKLWD Z1, Z0, Z8
	VPUNPCKHWD Z1, Z0, Z9
	VPUNPCKLWD Z3, Z2, Z10
	VPUNPCKHWD Z3, Z2, Z11
	VPUNPCKLWD Z5, Z4, Z12
	VPUNPCKHWD Z5, Z4, Z13
	VPUNPCKLWD Z7, Z6, Z14
	VPUNPCKHWD Z7, Z6, Z15
	VPUNPCKLDQ Z10, Z8, Z0   // rows 0-3 of columns 0 and 1
	VPUNPCKHDQ Z10, Z8, Z1   // 2 and 3
	VPUNPCKLDQ Z11, Z9, Z2
	VPUNPCKHDQ Z11, Z9, Z3
	VPUNPCKLDQ Z14, Z12, Z4  // rows 4-7
	VPUNPCKHDQ Z14, Z12, Z5
	VPUNPCKLDQ Z15, Z13, Z6
	VPUNPCKHDQ Z15, Z13, Z7
	VPUNPCKLQDQ Z4, Z0, Z8
	VPUNPCKHQDQ Z4, Z0, Z9
	VPUNPCKLQDQ Z5, Z1, Z10
	VPUNPCKHQDQ Z5, Z1, Z11
	VPUNPCKLQDQ Z6, Z2, Z12
	VPUNPCKHQDQ Z6, Z2, Z13
	VPUNPCKLQDQ Z7, Z3, Z14
	VPUNPCKHQDQ Z7, Z3, Z15
	VMOVDQU64 Z8, (DI)
	VMOVDQU64 Z9, (DI)(SI*1)
	VMOVDQU64 Z10, (DI)(SI*2)
	VMOVDQU64 Z11, (DI)(R12*1)
	LEAQ (DI)(SI*4), DI
	VMOVDQU64 Z12, (DI)
	VMOVDQU64 Z13, (DI)(SI*1)
	VMOVDQU64 Z14, (DI)(SI*2)
	VMOVDQU64 Z15, (DI)(R12*1)
	LEAQ (DI)(SI*4), DI
	ADDQ $16, R8
	ADDQ $16, R9
	ADDQ $16, R10
	ADDQ $16, R11
	DECQ CX
	JNZ octet
	VZEROUPPER
	RET

// func copyRowsAVX2(dst, src *float32, srcRow, rows int)
TEXT ·copyRowsAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ srcRow+16(FP), AX
	MOVQ rows+24(FP), CX
row:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ AX, SI
	ADDQ $64, DI
	DECQ CX
	JNZ row
	VZEROUPPER
	RET
