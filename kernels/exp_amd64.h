// e^x for 16 floats at a time: n = round(x/ln 2), r = x - n*ln 2 and
// 2^n * (1 + r + r^2*p(r)), p the polynomial of Cephes' expf. Within 2 ulp;
// 0 below -104, e^88 above 88, NaN stays NaN.
//
// EXP_LOAD fills Z20-Z31, which the caller then leaves alone.
#define EXP_LOAD \
	VBROADCASTSS expConst<>+0(SB), Z31;  \
	VBROADCASTSS expConst<>+4(SB), Z30;  \
	VBROADCASTSS expConst<>+8(SB), Z29;  \
	VBROADCASTSS expConst<>+12(SB), Z28; \
	VBROADCASTSS expConst<>+16(SB), Z27; \
	VBROADCASTSS expConst<>+20(SB), Z26; \
	VBROADCASTSS expConst<>+24(SB), Z25; \
	VBROADCASTSS expConst<>+28(SB), Z24; \
	VBROADCASTSS expConst<>+32(SB), Z23; \
	VBROADCASTSS expConst<>+36(SB), Z22; \
	VBROADCASTSS expConst<>+40(SB), Z21; \
	VBROADCASTSS expConst<>+44(SB), Z20

// EXP sets x = e^x and uses n and p.
#define EXP(x, n, p) \
	VMAXPS x, Z21, x;             \
	VMINPS x, Z20, x;             \
	VMULPS Z31, x, n;             \
	VRNDSCALEPS $8, n, n;         \
	VFNMADD231PS Z30, n, x;       \
	VFNMADD231PS Z29, n, x;       \
	VMOVAPS Z28, p;               \
	VFMADD213PS Z27, x, p;        \
	VFMADD213PS Z26, x, p;        \
	VFMADD213PS Z25, x, p;        \
	VFMADD213PS Z24, x, p;        \
	VFMADD213PS Z23, x, p;        \
	VFMADD213PS Z22, x, p;        \
	VFMADD213PS Z22, x, p;        \
	VSCALEFPS n, p, x

// SIGMOID sets s = 1/(1 + e^-gate) by a reciprocal and one Newton step; it uses
// n and p. SIGMOID_LOAD is EXP_LOAD with 0 in Z19 and 2 in Z18.
#define SIGMOID_LOAD \
	EXP_LOAD; \
	VPXORD Z19, Z19, Z19; \
	VADDPS Z22, Z22, Z18
#define SIGMOID(gate, s, n, p) \
	VSUBPS gate, Z19, s;     \
	EXP(s, n, p);            \
	VADDPS Z22, s, s;        \
	VRCP14PS s, n;           \
	VFNMADD213PS Z18, n, s;  \
	VMULPS n, s, s

DATA expConst<>+0(SB)/4, $0x3fb8aa3b  // 1/ln 2
DATA expConst<>+4(SB)/4, $0x3f318000  // ln 2, upper bits
DATA expConst<>+8(SB)/4, $0xb95e8083  // ln 2, the rest
DATA expConst<>+12(SB)/4, $0x39506967 // p, from the highest power
DATA expConst<>+16(SB)/4, $0x3ab743ce
DATA expConst<>+20(SB)/4, $0x3c088908
DATA expConst<>+24(SB)/4, $0x3d2aa9c1
DATA expConst<>+28(SB)/4, $0x3e2aaaaa
DATA expConst<>+32(SB)/4, $0x3f000000
DATA expConst<>+36(SB)/4, $0x3f800000 // 1
DATA expConst<>+40(SB)/4, $0xc2d00000 // -104
DATA expConst<>+44(SB)/4, $0x42b00000 // 88
GLOBL expConst<>(SB), RODATA|NOPTR, $48

// SUM16 and MAX16 leave the sum or the largest of the 16 floats of Z##v in all
// of them. Arguments are the Z, Y and X names of a register and of a spare one.
#define FOLD16(OP, z, y, x, ty, tx) \
	VEXTRACTF64X4 $1, z, ty;   \
	OP ty, y, y;               \
	VEXTRACTF128 $1, y, tx;    \
	OP tx, x, x;               \
	VPERMILPS $0x4e, x, tx;    \
	OP tx, x, x;               \
	VPERMILPS $0xb1, x, tx;    \
	OP tx, x, x;               \
	VBROADCASTSS x, z
