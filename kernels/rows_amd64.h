// A row of n floats is walked in vectors of 16: R13 is the index, CX counts the
// vectors left, K1 is the mask of the current one, K2 that of the last, K3 full.
#define ROW_MASKS(n) \
	MOVQ n, CX;        \
	ANDQ $15, CX;      \
	MOVQ $1, R13;      \
	SHLQ CX, R13;      \
	DECQ R13;          \
	MOVQ $0xffff, CX;  \
	KMOVW CX, K3;      \
	TESTQ R13, R13;    \
	CMOVQEQ CX, R13;   \
	KMOVW R13, K2

#define ROW_BEGIN(n) \
	LEAQ 15(n), CX; \
	SHRQ $4, CX;    \
	XORQ R13, R13

#define ROW_MASK \
	KMOVW K3, K1;  \
	CMPQ CX, $1;   \
	JNE 2(PC);     \
	KMOVW K2, K1

#define ROW_NEXT(label) \
	ADDQ $16, R13; \
	DECQ CX;       \
	JNZ label
