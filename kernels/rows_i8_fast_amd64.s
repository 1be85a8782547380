//go:build !purego

#include "textflag.h"
#include "bf16_amd64.h"
#include "exp_amd64.h"
#include "rows_i8_amd64.h"

// func quantizeRowsAVX512(a *quantizeArgs) int
//
// R12 counts rows. BX, DX and R11 point at a row of x, of q and the end of x; a
// row of which 127/max is not a finite number ends the loop.
TEXT ·quantizeRowsAVX512(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DX         // q
	MOVQ 8(R15), R8         // bytes from row to row of q
	MOVQ 16(R15), BX        // x
	MOVQ 24(R15), R9        // bytes from row to row of x
	MOVQ 32(R15), R10       // rows
	MOVQ 40(R15), R11       // bytes of a row of x
	MOVQ 48(R15), R13       // scale
	MOVQ 56(R15), R14       // shift
	MOVL $0x7fffffff, AX
	VPBROADCASTD AX, Z16
	MOVL $0x42fe0000, AX    // 127
	VMOVD AX, X17
	XORQ R12, R12

row:
	CMPQ R12, R10
	JGE  done
	MOVQ BX, SI
	LEAQ (BX)(R11*1), CX
	VPXORD Z0, Z0, Z0

largest:
	VPANDD  (SI), Z16, Z1
	VPMAXUD Z1, Z0, Z0
	ADDQ $64, SI
	CMPQ SI, CX
	JLT  largest
	FOLD16(VPMAXUD, Z0, Y0, X0, Y1, X1)
	VDIVSS X0, X17, X2      // 127 / largest
	IS_BAD(X2, done)
	VDIVSS X17, X0, X3
	VMOVSS X3, (R13)
	VBROADCASTSS X2, Z2
	VPXORD Z0, Z0, Z0
	MOVQ BX, SI
	MOVQ DX, DI

round:
	VMULPS    (SI), Z2, Z1
	VCVTPS2DQ Z1, Z1
	VPADDD    Z1, Z0, Z0
	VPMOVDB   Z1, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	CMPQ SI, CX
	JLT  round
	SHIFT(Z0, Y0, X0, Y1, X1)
	ADDQ R8, DX
	ADDQ R9, BX
	ADDQ $4, R13
	ADDQ $4, R14
	INCQ R12
	JMP  row

done:
	VZEROUPPER
	MOVQ R12, ret+8(FP)
	RET

// func ropeBF16AVX512(a *ropeArgs)
TEXT ·ropeBF16AVX512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DI         // dst
	MOVQ 8(R15), R8         // bytes from row to row
	MOVQ 16(R15), SI        // x
	MOVQ 24(R15), R9        // bytes from row to row
	MOVQ 32(R15), R10       // rows
	MOVQ 40(R15), R11       // numbers of a half
	MOVQ 48(R15), BX        // cos
	MOVQ 56(R15), DX        // sin
	LEAQ (SI)(R11*4), R12   // upper half of x
	LEAQ (DI)(R11*2), R13   // of dst

row:
	XORQ CX, CX

columns:
	VMOVUPS (SI)(CX*4), Z0
	VMOVUPS (R12)(CX*4), Z1
	VMOVUPS (BX)(CX*4), Z2
	VMOVUPS (DX)(CX*4), Z3
	VMULPS Z2, Z0, Z4
	VMULPS Z2, Z1, Z5
	VFNMADD231PS Z3, Z1, Z4
	VFMADD231PS  Z3, Z0, Z5
	VCVTNEPS2BF16(4, 6)
	VCVTNEPS2BF16(5, 7)
	VMOVDQU Y6, (DI)(CX*2)
	VMOVDQU Y7, (R13)(CX*2)
	ADDQ $16, CX
	CMPQ CX, R11
	JLT  columns
	ADDQ R8, DI
	ADDQ R8, R13
	ADDQ R9, SI
	ADDQ R9, R12
	LEAQ (BX)(R11*4), BX
	LEAQ (DX)(R11*4), DX
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET

// func roundRowsBF16AVX512(a *ropeArgs)
TEXT ·roundRowsBF16AVX512(SB), NOSPLIT, $0-8
	MOVQ a+0(FP), R15
	MOVQ 0(R15), DI
	MOVQ 8(R15), R8
	MOVQ 16(R15), SI
	MOVQ 24(R15), R9
	MOVQ 32(R15), R10
	MOVQ 40(R15), R11
	ADDQ R11, R11

row:
	XORQ CX, CX

columns:
	VMOVUPS (SI)(CX*4), Z0
	VCVTNEPS2BF16(0, 6)
	VMOVDQU Y6, (DI)(CX*2)
	ADDQ $16, CX
	CMPQ CX, R11
	JLT  columns
	ADDQ R8, DI
	ADDQ R9, SI
	DECQ R10
	JNZ  row
	VZEROUPPER
	RET
