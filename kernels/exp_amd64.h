// POW2 sets t = 2^t for 16 floats at a time, below t = 128, within 1e-7 of it, by
//
//	2^t = 2^floor(t) * q(t - floor(t))    q a polynomial of degree 5
//
// and uses r and p. 2^-infinity is 0 and NaN stays NaN. POW2_LOAD fills Z26-Z31, which the
// caller then leaves alone.
#define POW2_LOAD \
	VBROADCASTSS pow2Const<>+0(SB), Z31;  \
	VBROADCASTSS pow2Const<>+4(SB), Z30;  \
	VBROADCASTSS pow2Const<>+8(SB), Z29;  \
	VBROADCASTSS pow2Const<>+12(SB), Z28; \
	VBROADCASTSS pow2Const<>+16(SB), Z27; \
	VBROADCASTSS pow2Const<>+20(SB), Z26

#define POW2(t, r, p) \
	VREDUCEPS $9, t, r;    \
	VMOVAPS Z31, p;        \
	VFMADD213PS Z30, r, p; \
	VFMADD213PS Z29, r, p; \
	VFMADD213PS Z28, r, p; \
	VFMADD213PS Z27, r, p; \
	VFMADD213PS Z26, r, p; \
	VSCALEFPS t, p, t

// SIGMOID sets s = 1/(1 + e^-gate) by a reciprocal and one Newton step, within
// 3e-7 + 6e-8*|gate| of it; it uses n and p. NaN stays NaN. SIGMOID_LOAD fills
// Z22-Z31: Z22 is 1.
#define SIGMOID_LOAD \
	POW2_LOAD; \
	VBROADCASTSS pow2Const<>+24(SB), Z25; \
	VBROADCASTSS pow2Const<>+28(SB), Z24; \
	VBROADCASTSS pow2Const<>+32(SB), Z23; \
	VBROADCASTSS pow2Const<>+36(SB), Z22

#define SIGMOID(gate, s, n, p) \
	VMULPS Z25, gate, s;    \
	VMINPS s, Z24, s;       \
	POW2(s, n, p);         \
	VADDPS Z22, s, s;       \
	VRCP14PS s, n;          \
	VFNMADD213PS Z23, n, s; \
	VMULPS n, s, s

DATA pow2Const<>+0(SB)/4, $0x3af61905  // q, from the highest power
DATA pow2Const<>+4(SB)/4, $0x3c134806
DATA pow2Const<>+8(SB)/4, $0x3d64aa23
DATA pow2Const<>+12(SB)/4, $0x3e75ead4
DATA pow2Const<>+16(SB)/4, $0x3f31727b
DATA pow2Const<>+20(SB)/4, $0x3f7fffff
DATA pow2Const<>+24(SB)/4, $0xbfb8aa3b // -1/ln 2
DATA pow2Const<>+28(SB)/4, $0x42fc0000 // 126
DATA pow2Const<>+32(SB)/4, $0x40000000 // 2
DATA pow2Const<>+36(SB)/4, $0x3f800000 // 1
GLOBL pow2Const<>(SB), RODATA|NOPTR, $40

// 2^t for 16 floats at a time, within 1e-4 of it, for results that are rounded to
// BF16: 2^floor(t) times a polynomial of degree 3 of what is left. 0 below -126,
// infinity above 128, NaN stays NaN.
//
// FAST2_LOAD fills Z28-Z31, which the caller then leaves alone.
#define FAST2_LOAD \
	VBROADCASTSS fast2Const<>+0(SB), Z31; \
	VBROADCASTSS fast2Const<>+4(SB), Z30; \
	VBROADCASTSS fast2Const<>+8(SB), Z29; \
	VBROADCASTSS fast2Const<>+12(SB), Z28

// FAST2 sets p = 2^t and uses r.
#define FAST2(t, r, p) \
	VREDUCEPS $9, t, r;    \
	VMOVAPS Z31, p;        \
	VFMADD213PS Z30, r, p; \
	VFMADD213PS Z29, r, p; \
	VFMADD213PS Z28, r, p; \
	VSCALEFPS t, p, p

DATA fast2Const<>+0(SB)/4, $0x3d9fcb52  // the polynomial, from the highest power
DATA fast2Const<>+4(SB)/4, $0x3e677e27
DATA fast2Const<>+8(SB)/4, $0x3f322225
DATA fast2Const<>+12(SB)/4, $0x3f7ffb19
GLOBL fast2Const<>(SB), RODATA|NOPTR, $16

// SWIGLU sets Y0 to 16 times silu(gate) * up, rounded to BF16, for gates in Z0 and ups
// in Z1, and uses Z3 to Z5. SWIGLU_LOAD fills Z26-Z31, which the caller then leaves
// alone, and uses DX: Z27 is 1, Z26 -1/ln 2.
#define SWIGLU_LOAD \
	FAST2_LOAD; \
	MOVL $0x3f800000, DX; \
	VPBROADCASTD DX, Z27; \
	MOVL $0xbfb8aa3b, DX; \
	VPBROADCASTD DX, Z26
#define SWIGLU \
	VMULPS Z26, Z0, Z3; \
	FAST2(Z3, Z4, Z5); \
	VADDPS Z27, Z5, Z5; \
	VRCP14PS Z5, Z5; \
	VMULPS Z1, Z0, Z0; \
	VMULPS Z5, Z0, Z0; \
	VCVTNEPS2BF16(0, 0)

// FOLD16 leaves what OP makes of the 16 numbers of z in all of them. Arguments are
// the Z, Y and X names of a register and of a spare one.
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
