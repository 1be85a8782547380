// Tiles of R rows by 16 columns (one panel), see tileArgs. Accumulators Y0..Y11, a
// row's two beside each other; Y12 and Y13 hold one k of the panel, Y14 and Y15
// broadcast one k of a row of x.
//
// Who includes this names the tiles TILE6, TILE4 and TILE1, defines COLUMNS(o),
// which loads one k of the panel, at offset o in k, and WIDTH, the bytes of one k.

#define ARGS \
	MOVQ args+0(FP), R14; \
	MOVQ 16(R14), R8; \
	MOVQ 24(R14), AX; \
	MOVQ 32(R14), R13; \
	MOVQ 40(R14), SI; \
	MOVQ 56(R14), CX; \
	LEAQ (AX)(AX*2), R9; \
	ADDQ R8, R9

#define ZERO(a, b) \
	VXORPS a, a, a; \
	VXORPS b, b, b

// RESULT makes y ready to be stored: DX and BX are its first row and the bytes of a
// row. A masked store costs a dozen cycles on some processors: only a partial panel
// has a mask, in Y12 and Y13.
#define RESULT(EACH) \
	MOVQ  0(R14), DX; \
	MOVQ  8(R14), BX; \
	MOVQ  72(R14), DI; \
	TESTQ DI, DI; \
	JNZ   masked; \
	CMPQ  80(R14), $0; \
	JEQ   store; \
	EACH(ADD); \
	MOVQ  0(R14), DX; \
store: \
	EACH(STORE); \
	VZEROUPPER; \
	RET; \
masked: \
	VMOVUPS (DI), Y12; \
	VMOVUPS 32(DI), Y13; \
	CMPQ  80(R14), $0; \
	JEQ   maskedStore; \
	EACH(MASKADD); \
	MOVQ  0(R14), DX; \
maskedStore: \
	EACH(MASKSTORE); \
	VZEROUPPER; \
	RET

#define ADD(a, b) \
	VADDPS (DX), a, a; \
	VADDPS 32(DX), b, b; \
	ADDQ BX, DX

#define MASKADD(a, b) \
	VMASKMOVPS (DX), Y12, Y14; \
	VMASKMOVPS 32(DX), Y13, Y15; \
	VADDPS Y14, a, a; \
	VADDPS Y15, b, b; \
	ADDQ BX, DX

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

#define ROWS2 PAIR((R8), (R8)(AX*1), Y0, Y1, Y2, Y3)
#define ROWS4 ROWS2; PAIR((R8)(AX*2), (R9), Y4, Y5, Y6, Y7)
#define ROWS6 ROWS4; PAIR((R9)(AX*1), (R9)(AX*2), Y8, Y9, Y10, Y11)
#define ROWS1 \
	VBROADCASTSS (R8), Y14; \
	VFMADD231PS Y12, Y14, Y0; \
	VFMADD231PS Y13, Y14, Y1

#define EACH1(OP) OP(Y0, Y1)
#define EACH4(OP) OP(Y0, Y1); OP(Y2, Y3); OP(Y4, Y5); OP(Y6, Y7)
#define EACH6(OP) EACH4(OP); OP(Y8, Y9); OP(Y10, Y11)

#define NEXT \
	ADDQ R13, R8; \
	ADDQ R13, R9

// While it multiplies it fetches the k/2*WIDTH bytes at next, half of a panel that
// comes later, into the second-level cache.
TEXT TILE6(SB), NOSPLIT, $0-8
	ARGS
	MOVQ 88(R14), BX
	EACH6(ZERO)
	SUBQ $2, CX
	JLT  last

loop:
	PREFETCHT1 (BX)
	COLUMNS(0)
	ROWS6
	NEXT
	COLUMNS(1)
	ROWS6
	NEXT
	ADDQ $(2*WIDTH), SI
	ADDQ $WIDTH, BX
	SUBQ $2, CX
	JGE  loop

last:
	ADDQ $2, CX
	JZ   result
	COLUMNS(0)
	ROWS6

result:
	RESULT(EACH6)

#define SMALL(ROWS, EACH) \
	ARGS; \
	EACH(ZERO); \
	TESTQ CX, CX; \
	JZ   result; \
loop: \
	COLUMNS(0); \
	ROWS; \
	NEXT; \
	ADDQ $WIDTH, SI; \
	DECQ CX; \
	JNZ  loop; \
result: \
	RESULT(EACH)

TEXT TILE4(SB), NOSPLIT, $0-8
	SMALL(ROWS4, EACH4)

TEXT TILE1(SB), NOSPLIT, $0-8
	SMALL(ROWS1, EACH1)
