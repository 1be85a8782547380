// Tiles of R rows by 16 columns (one panel). Accumulators Y0..Y11, a row's two
// beside each other; Y12 and Y13 hold one k of the panel, Y14 and Y15
// broadcast one k of a row of x.
//
// Who includes this names the tiles TILE6, TILE4 and TILE1, defines COLUMNS(o),
// which loads one k of the panel, at offset o in k, and WIDTH, the bytes of one k.

#define ARGS \
	MOVQ y+0(FP), DX; \
	MOVQ ldy+8(FP), BX; \
	MOVQ x+16(FP), R8; \
	MOVQ ldx+24(FP), AX; \
	MOVQ w+32(FP), SI; \
	MOVQ k+40(FP), CX; \
	MOVQ mask+48(FP), DI; \
	LEAQ (AX)(AX*2), R9; \
	ADDQ R8, R9

#define ZERO(a, b) \
	VXORPS a, a, a; \
	VXORPS b, b, b

// A masked store costs a dozen cycles on some processors: only a partial panel
// has a mask.
#define MASKS \
	VMOVUPS (DI), Y12; \
	VMOVUPS 32(DI), Y13

#define STORE(a, b) \
	VMOVUPS a, (DX); \
	VMOVUPS b, 32(DX); \
	ADDQ BX, DX

#define MASKSTORE(a, b) \
	VMASKMOVPS a, Y12, (DX); \
	VMASKMOVPS b, Y13, 32(DX); \
	ADDQ BX, DX

#define PAIR(m0, m1, a, b, c, d) \
	VBROADCASTSS m0, Y14; \
	VBROADCASTSS m1, Y15; \
	VFMADD231PS Y12, Y14, a; \
	VFMADD231PS Y13, Y14, b; \
	VFMADD231PS Y12, Y15, c; \
	VFMADD231PS Y13, Y15, d

#define ROWS2(o) PAIR((o*4)(R8), (o*4)(R8)(AX*1), Y0, Y1, Y2, Y3)
#define ROWS4(o) ROWS2(o); PAIR((o*4)(R8)(AX*2), (o*4)(R9), Y4, Y5, Y6, Y7)
#define ROWS6(o) ROWS4(o); PAIR((o*4)(R9)(AX*1), (o*4)(R9)(AX*2), Y8, Y9, Y10, Y11)
#define ROWS1(o) \
	VBROADCASTSS (o*4)(R8), Y14; \
	VFMADD231PS Y12, Y14, Y0; \
	VFMADD231PS Y13, Y14, Y1

#define NEXT(n) \
	ADDQ $(n*WIDTH), SI; \
	ADDQ $(n*4), R8; \
	ADDQ $(n*4), R9

// While it multiplies it fetches the k/2*WIDTH bytes at next, half of a panel that
// comes later, into the second-level cache.
TEXT TILE6(SB), NOSPLIT, $0-64
	ARGS
	MOVQ next+56(FP), BX
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	ZERO(Y8, Y9)
	ZERO(Y10, Y11)
	SUBQ $2, CX
	JLT  last6

loop6:
	PREFETCHT1 (BX)
	COLUMNS(0)
	ROWS6(0)
	COLUMNS(1)
	ROWS6(1)
	NEXT(2)
	ADDQ $WIDTH, BX
	SUBQ $2, CX
	JGE  loop6

last6:
	ADDQ $2, CX
	JZ   store6
	COLUMNS(0)
	ROWS6(0)

store6:
	MOVQ  ldy+8(FP), BX
	TESTQ DI, DI
	JNZ   masked6
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	VZEROUPPER
	RET

masked6:
	MASKS
	MASKSTORE(Y0, Y1)
	MASKSTORE(Y2, Y3)
	MASKSTORE(Y4, Y5)
	MASKSTORE(Y6, Y7)
	MASKSTORE(Y8, Y9)
	MASKSTORE(Y10, Y11)
	VZEROUPPER
	RET

TEXT TILE4(SB), NOSPLIT, $0-56
	ARGS
	ZERO(Y0, Y1)
	ZERO(Y2, Y3)
	ZERO(Y4, Y5)
	ZERO(Y6, Y7)
	TESTQ CX, CX
	JZ    store4

loop4:
	COLUMNS(0)
	ROWS4(0)
	NEXT(1)
	DECQ CX
	JNZ  loop4

store4:
	TESTQ DI, DI
	JNZ   masked4
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	VZEROUPPER
	RET

masked4:
	MASKS
	MASKSTORE(Y0, Y1)
	MASKSTORE(Y2, Y3)
	MASKSTORE(Y4, Y5)
	MASKSTORE(Y6, Y7)
	VZEROUPPER
	RET

TEXT TILE1(SB), NOSPLIT, $0-56
	ARGS
	ZERO(Y0, Y1)
	TESTQ CX, CX
	JZ    store1

loop1:
	COLUMNS(0)
	ROWS1(0)
	NEXT(1)
	DECQ CX
	JNZ  loop1

store1:
	TESTQ DI, DI
	JNZ   masked1
	STORE(Y0, Y1)
	VZEROUPPER
	RET

masked1:
	MASKS
	MASKSTORE(Y0, Y1)
	VZEROUPPER
	RET
