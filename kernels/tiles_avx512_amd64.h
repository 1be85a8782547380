// Tiles of R rows by 32 columns (two panels), see tileArgs. Accumulators Z0..Z27, a
// row's two beside each other; Z28 and Z29 hold one k of the panels, Z30 and Z31
// broadcast one k of a row of x. Rows are addressed three to a base register:
// base, base + AX, base + 2*AX.
//
// Who includes this names the tiles TILE14 to TILE1, defines COLUMNS(o), which
// loads one k of the panels, at offset o in k, and WIDTH, the bytes of one k.

#define ARGS \
	MOVQ args+0(FP), R14; \
	MOVQ 16(R14), R8; \
	MOVQ 24(R14), AX; \
	MOVQ 32(R14), R13; \
	MOVQ 40(R14), SI; \
	MOVQ 48(R14), DI; \
	MOVQ 56(R14), CX; \
	LEAQ (AX)(AX*2), BX; \
	LEAQ (R8)(BX*1), R9; \
	LEAQ (R9)(BX*1), R10; \
	LEAQ (R10)(BX*1), R11; \
	LEAQ (R11)(BX*1), R12

#define ZERO(a, b) \
	VPXORQ a, a, a; \
	VPXORQ b, b, b

// RESULT makes y ready to be stored: DX and BX are its first row and the bytes of a
// row, K1 and K2 the columns. It jumps to a tile's store unless sums are added to y.
#define RESULT(store) \
	MOVQ 0(R14), DX; \
	MOVQ 8(R14), BX; \
	MOVL 64(R14), R13; \
	KMOVW R13, K1; \
	SHRL $16, R13; \
	KMOVW R13, K2; \
	CMPQ 80(R14), $0; \
	JEQ  store

#define ADD(a, b) \
	VADDPS (DX), a, K1, a; \
	VADDPS 64(DX), b, K2, b; \
	ADDQ BX, DX

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

#define ROWS2 PAIR((R8), (R8)(AX*1), Z0, Z1, Z2, Z3)
#define ROWS4 ROWS2; PAIR((R8)(AX*2), (R9), Z4, Z5, Z6, Z7)
#define ROWS8 \
	ROWS4; \
	PAIR((R9)(AX*1), (R9)(AX*2), Z8, Z9, Z10, Z11); \
	PAIR((R10), (R10)(AX*1), Z12, Z13, Z14, Z15)
#define ROWS14 \
	ROWS8; \
	PAIR((R10)(AX*2), (R11), Z16, Z17, Z18, Z19); \
	PAIR((R11)(AX*1), (R11)(AX*2), Z20, Z21, Z22, Z23); \
	PAIR((R12), (R12)(AX*1), Z24, Z25, Z26, Z27)
#define ROWS1 \
	VBROADCASTSS (R8), Z30; \
	VFMADD231PS Z28, Z30, Z0; \
	VFMADD231PS Z29, Z30, Z1

#define EACH2(OP) OP(Z0, Z1); OP(Z2, Z3)
#define EACH4(OP) EACH2(OP); OP(Z4, Z5); OP(Z6, Z7)
#define EACH8(OP) EACH4(OP); OP(Z8, Z9); OP(Z10, Z11); OP(Z12, Z13); OP(Z14, Z15)
#define EACH14(OP) \
	EACH8(OP); OP(Z16, Z17); OP(Z18, Z19); OP(Z20, Z21); \
	OP(Z22, Z23); OP(Z24, Z25); OP(Z26, Z27)

#define NEXT ADDQ R13, R8
#define NEXT8 NEXT; ADDQ R13, R9; ADDQ R13, R10
#define NEXT14 NEXT8; ADDQ R13, R11; ADDQ R13, R12

// While it multiplies it fetches the k*WIDTH bytes at next, a panel that comes
// later, into the second-level cache.
TEXT TILE14(SB), NOSPLIT, $0-8
	ARGS
	MOVQ 88(R14), BX
	EACH14(ZERO)
	SUBQ $2, CX
	JLT  last

loop:
	PREFETCHT1 (BX)
	COLUMNS(0)
	ROWS14
	NEXT14
	PREFETCHT1 WIDTH(BX)
	COLUMNS(1)
	ROWS14
	NEXT14
	ADDQ $(2*WIDTH), SI
	ADDQ $(2*WIDTH), DI
	ADDQ $(2*WIDTH), BX
	SUBQ $2, CX
	JGE  loop

last:
	ADDQ $2, CX
	JZ   result
	COLUMNS(0)
	ROWS14

result:
	RESULT(store)
	EACH14(ADD)
	MOVQ 0(R14), DX

store:
	EACH14(STORE)
	VZEROUPPER
	RET

#define SMALL(ROWS, NEXTROWS, EACH) \
	ARGS; \
	EACH(ZERO); \
	TESTQ CX, CX; \
	JZ   result; \
loop: \
	COLUMNS(0); \
	ROWS; \
	NEXTROWS; \
	ADDQ $WIDTH, SI; \
	ADDQ $WIDTH, DI; \
	DECQ CX; \
	JNZ  loop; \
result: \
	RESULT(store); \
	EACH(ADD); \
	MOVQ 0(R14), DX; \
store: \
	EACH(STORE); \
	VZEROUPPER; \
	RET

TEXT TILE8(SB), NOSPLIT, $0-8
	SMALL(ROWS8, NEXT8, EACH8)

TEXT TILE4(SB), NOSPLIT, $0-8
	SMALL(ROWS4, NEXT8, EACH4)

TEXT TILE2(SB), NOSPLIT, $0-8
	SMALL(ROWS2, NEXT, EACH2)

#define EACH1(OP) OP(Z0, Z1)

TEXT TILE1(SB), NOSPLIT, $0-8
	SMALL(ROWS1, NEXT, EACH1)
