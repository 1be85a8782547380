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
