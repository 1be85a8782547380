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
