// AVX512_BF16 instructions that Go's assembler does not know, as EVEX bytes.
// Arguments are register numbers 0 to 31, in Go's order: sources, then destination.

#define BIT(r, i) (((r)>>(i))&1)
#define EVEX_P0(rm, d) ((BIT(d, 3)^1)<<7)|((BIT(rm, 4)^1)<<6)|((BIT(rm, 3)^1)<<5)|((BIT(d, 4)^1)<<4)|2
#define EVEX_P1(pp, v) (((v)^15)&15)<<3|4|(pp)
#define EVEX_P2(v) 0x40|((BIT(v, 4)^1)<<3)
#define EVEX(pp, op, rm, v, d) \
	BYTE $0x62; \
	BYTE $(EVEX_P0(rm, d)); \
	BYTE $(EVEX_P1(pp, v)); \
	BYTE $(EVEX_P2(v)); \
	BYTE $(op); \
	BYTE $(0xC0|((d)&7)<<3|((rm)&7))

// VDPBF16PS: Zd[i] += Za[2i]*Zb[2i] + Za[2i+1]*Zb[2i+1]
#define VDPBF16PS(b, a, d) EVEX(2, 0x52, b, a, d)

// VCVTNE2PS2BF16: the 32 bf16 of Zd are Zlo's 16 floats, then Zhi's.
#define VCVTNE2PS2BF16(lo, hi, d) EVEX(3, 0x72, lo, hi, d)

// VCVTNEPS2BF16: the 16 bf16 of Yd are Za's 16 floats.
#define VCVTNEPS2BF16(a, d) EVEX(2, 0x72, a, 0, d)

// pairOrder interleaves the two halves of 32 words.
DATA pairOrder<>+0(SB)/8, $0x0011000100100000
DATA pairOrder<>+8(SB)/8, $0x0013000300120002
DATA pairOrder<>+16(SB)/8, $0x0015000500140004
DATA pairOrder<>+24(SB)/8, $0x0017000700160006
DATA pairOrder<>+32(SB)/8, $0x0019000900180008
DATA pairOrder<>+40(SB)/8, $0x001b000b001a000a
DATA pairOrder<>+48(SB)/8, $0x001d000d001c000c
DATA pairOrder<>+56(SB)/8, $0x001f000f001e000e
GLOBL pairOrder<>(SB), RODATA|NOPTR, $64

