// Tiles of R rows by 32 columns (two panels). Accumulators Z0..Z27, a row's
// two beside each other; Z28 and Z29 hold one k of the panels, Z30 and Z31
// broadcast one k of a row of x. Rows are addressed three to a base register:
// base, base + AX, base + 2*AX.
//
// Who includes this names the tiles TILE14 to TILE1, defines COLUMNS(o), which
// loads one k of the panels, at offset o in k, and WIDTH, the bytes of one k.

#define ARGS \
	MOVQ y+0(FP), DX; \
	MOVQ ldy+8(FP), BX; \
	MOVQ x+16(FP), R8; \
	MOVQ ldx+24(FP), AX; \
	MOVQ w0+32(FP), SI; \
	MOVQ w1+40(FP), DI; \
	MOVQ k+48(FP), CX; \
	MOVL cols+56(FP), R13; \
	KMOVW R13, K1; \
	SHRL $16, R13; \
	KMOVW R13, K2; \
	LEAQ (AX)(AX*2), R13; \
	LEAQ (R8)(R13*1), R9; \
	LEAQ (R9)(R13*1), R10; \
	LEAQ (R10)(R13*1), R11; \
	LEAQ (R11)(R13*1), R12

#define ZERO(a, b) \
	VPXORQ a, a, a; \
	VPXORQ b, b, b

#define STORE(a, b) \
	VMOVUPS a, K1, (DX); \
	VMOVUPS b, K2, 64(DX); \
	ADDQ BX, DX

// Two rows, each times the columns.
#define PAIR(m0, m1, a, b, c, d) \
	VBROADCASTSS m0, Z30; \
	VBROADCASTSS m1, Z31; \
	VFMADD231PS Z28, Z30, a; \
	VFMADD231PS Z29, Z30, b; \
	VFMADD231PS Z28, Z31, c; \
	VFMADD231PS Z29, Z31, d

#define ROWS2(o) PAIR((o*4)(R8), (o*4)(R8)(AX*1), Z0, Z1, Z2, Z3)
#define ROWS4(o) ROWS2(o); PAIR((o*4)(R8)(AX*2), (o*4)(R9), Z4, Z5, Z6, Z7)
#define ROWS8(o) \
	ROWS4(o); \
	PAIR((o*4)(R9)(AX*1), (o*4)(R9)(AX*2), Z8, Z9, Z10, Z11); \
	PAIR((o*4)(R10), (o*4)(R10)(AX*1), Z12, Z13, Z14, Z15)
#define ROWS14(o) \
	ROWS8(o); \
	PAIR((o*4)(R10)(AX*2), (o*4)(R11), Z16, Z17, Z18, Z19); \
	PAIR((o*4)(R11)(AX*1), (o*4)(R11)(AX*2), Z20, Z21, Z22, Z23); \
	PAIR((o*4)(R12), (o*4)(R12)(AX*1), Z24, Z25, Z26, Z27)
#define ROWS1(o) \
	VBROADCASTSS (o*4)(R8), Z30; \
	VFMADD231PS Z28, Z30, Z0; \
	VFMADD231PS Z29, Z30, Z1

#define ZERO2 ZERO(Z0, Z1); ZERO(Z2, Z3)
#define ZERO4 ZERO2; ZERO(Z4, Z5); ZERO(Z6, Z7)
#define ZERO8 ZERO4; ZERO(Z8, Z9); ZERO(Z10, Z11); ZERO(Z12, Z13); ZERO(Z14, Z15)
#define STORE2 STORE(Z0, Z1); STORE(Z2, Z3)
#define STORE4 STORE2; STORE(Z4, Z5); STORE(Z6, Z7)
#define STORE8 STORE4; STORE(Z8, Z9); STORE(Z10, Z11); STORE(Z12, Z13); STORE(Z14, Z15)

#define NEXT(n) \
	ADDQ $(n*WIDTH), SI; \
	ADDQ $(n*WIDTH), DI; \
	ADDQ $(n*4), R8

#define NEXT8(n) \
	NEXT(n); \
	ADDQ $(n*4), R9; \
	ADDQ $(n*4), R10

#define NEXT14(n) \
	NEXT8(n); \
	ADDQ $(n*4), R11; \
	ADDQ $(n*4), R12

// While it multiplies it fetches the k*WIDTH bytes at next, a panel that comes
// later, into the second-level cache.
TEXT TILE14(SB), NOSPLIT, $0-72
	ARGS
	MOVQ next+64(FP), BX
	ZERO8
	ZERO(Z16, Z17)
	ZERO(Z18, Z19)
	ZERO(Z20, Z21)
	ZERO(Z22, Z23)
	ZERO(Z24, Z25)
	ZERO(Z26, Z27)
	SUBQ $2, CX
	JLT  last14

loop14:
	PREFETCHT1 (BX)
	COLUMNS(0)
	ROWS14(0)
	PREFETCHT1 WIDTH(BX)
	COLUMNS(1)
	ROWS14(1)
	NEXT14(2)
	ADDQ $(2*WIDTH), BX
	SUBQ $2, CX
	JGE  loop14

last14:
	ADDQ $2, CX
	JZ   store14
	COLUMNS(0)
	ROWS14(0)

store14:
	MOVQ ldy+8(FP), BX
	STORE8
	STORE(Z16, Z17)
	STORE(Z18, Z19)
	STORE(Z20, Z21)
	STORE(Z22, Z23)
	STORE(Z24, Z25)
	STORE(Z26, Z27)
	VZEROUPPER
	RET

TEXT TILE8(SB), NOSPLIT, $0-60
	ARGS
	ZERO8
	TESTQ CX, CX
	JZ    store8

loop8:
	COLUMNS(0)
	ROWS8(0)
	NEXT8(1)
	DECQ CX
	JNZ  loop8

store8:
	STORE8
	VZEROUPPER
	RET

TEXT TILE4(SB), NOSPLIT, $0-60
	ARGS
	ZERO4
	TESTQ CX, CX
	JZ    store4

loop4:
	COLUMNS(0)
	ROWS4(0)
	NEXT8(1)
	DECQ CX
	JNZ  loop4

store4:
	STORE4
	VZEROUPPER
	RET

TEXT TILE2(SB), NOSPLIT, $0-60
	ARGS
	ZERO2
	TESTQ CX, CX
	JZ    store2

loop2:
	COLUMNS(0)
	ROWS2(0)
	NEXT(1)
	DECQ CX
	JNZ  loop2

store2:
	STORE2
	VZEROUPPER
	RET

TEXT TILE1(SB), NOSPLIT, $0-60
	ARGS
	ZERO(Z0, Z1)
	TESTQ CX, CX
	JZ    store1

loop1:
	COLUMNS(0)
	ROWS1(0)
	NEXT(1)
	DECQ CX
	JNZ  loop1

store1:
	STORE(Z0, Z1)
	VZEROUPPER
	RET
