// What rounds rows to int8 with AVX-512 has in common; exp_amd64.h must be included
// before. R14 points at a row's shift.

// IS_BAD goes to label unless x, 127 over the largest of a row, is finite and not 0.
#define IS_BAD(x, label) \
	VMOVD x, AX; \
	SUBL  $1, AX; \
	CMPL  AX, $0x7f7fffff; \
	JCC   label

// SHIFT stores -128 times the sum of the 16 words of z. Arguments are as for FOLD16.
#define SHIFT(z, y, x, ty, tx) \
	FOLD16(VPADDD, z, y, x, ty, tx); \
	VMOVD x, AX; \
	SHLL $7, AX; \
	NEGL AX; \
	MOVL AX, (R14)
