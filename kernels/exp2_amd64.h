// 2^t for 16 floats at a time, t from -125 on (below: 2^-125) and below 127:
// n = round(t), by adding 1.5*2^23 so that n lies in the lowest bits, and
// a polynomial of degree 5 for 2^(t-n), within 2e-7 of it. NaN stays NaN.
//
// EXP2_LOAD fills Z22-Z31, which the caller then leaves alone; Z31 is 1/ln 2.
#define EXP2_LOAD \
	VBROADCASTSS exp2Const<>+0(SB), Z31;  \
	VBROADCASTSS exp2Const<>+4(SB), Z30;  \
	VBROADCASTSS exp2Const<>+8(SB), Z29;  \
	VBROADCASTSS exp2Const<>+12(SB), Z28; \
	VBROADCASTSS exp2Const<>+16(SB), Z27; \
	VBROADCASTSS exp2Const<>+20(SB), Z26; \
	VBROADCASTSS exp2Const<>+24(SB), Z25; \
	VBROADCASTSS exp2Const<>+28(SB), Z24; \
	VBROADCASTSS exp2Const<>+32(SB), Z23; \
	VBROADCASTSS exp2Const<>+36(SB), Z22

// EXP2 sets t = 2^t and uses n and p.
#define EXP2(t, n, p) \
	VMAXPS t, Z23, t;       \
	VADDPS Z30, t, n;       \
	VSUBPS Z30, n, p;       \
	VSUBPS p, t, t;         \
	VMOVAPS Z29, p;         \
	VFMADD213PS Z28, t, p;  \
	VFMADD213PS Z27, t, p;  \
	VFMADD213PS Z26, t, p;  \
	VFMADD213PS Z25, t, p;  \
	VFMADD213PS Z24, t, p;  \
	VPSLLD $23, n, n;       \
	VPADDD n, p, t

DATA exp2Const<>+0(SB)/4, $0x3fb8aa3b  // 1/ln 2
DATA exp2Const<>+4(SB)/4, $0x4b400000  // 1.5*2^23
DATA exp2Const<>+8(SB)/4, $0x3aae0473  // the polynomial, from the highest power
DATA exp2Const<>+12(SB)/4, $0x3c1e8629
DATA exp2Const<>+16(SB)/4, $0x3d635b72
DATA exp2Const<>+20(SB)/4, $0x3e75fc8c
DATA exp2Const<>+24(SB)/4, $0x3f317214
DATA exp2Const<>+28(SB)/4, $0x3f800001
DATA exp2Const<>+32(SB)/4, $0xc2fa0000 // -125
DATA exp2Const<>+36(SB)/4, $0x3f800000 // 1
GLOBL exp2Const<>(SB), RODATA|NOPTR, $40
