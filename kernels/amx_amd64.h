// AMX instructions, which Go's assembler does not know, as VEX bytes. Tiles are
// numbers 0 to 7; base and index are numbers of registers (AX 0, CX 1, DX 2, BX 3,
// SI 6, DI 7, R8 8 and so on; index not SP).
//
// Tiles belong to the thread, and a goroutine may be on another one after a
// call: every function loads its shapes with LDTILECFG before it uses a tile, and
// ends with TILERELEASE, which also spares the kernel from saving them. A signal
// or preemption in between saves and restores them.

#define AMX_BIT3(r) (((r)>>3)&1)
#define AMX_VEX(base, index) (0xE2^(AMX_BIT3(index)<<6)^(AMX_BIT3(base)<<5))
#define AMX_MEMORY(prefix, tile, base, index, disp) \
	BYTE $0xC4; \
	BYTE $AMX_VEX(base, index); \
	BYTE $(0x78|(prefix)); \
	BYTE $0x4B; \
	BYTE $(0x44|((tile)<<3)); \
	BYTE $((((index)&7)<<3)|((base)&7)); \
	BYTE $(disp)

// LDTILECFG loads the tileConfig at a base register below 8, not SP.
#define LDTILECFG(base) \
	BYTE $0xC4; BYTE $0xE2; BYTE $0x78; BYTE $0x49; BYTE $(0x40|(base)); BYTE $0

#define TILERELEASE \
	BYTE $0xC4; BYTE $0xE2; BYTE $0x78; BYTE $0x49; BYTE $0xC0

#define TILEZERO(tile) \
	BYTE $0xC4; BYTE $0xE2; BYTE $0x7B; BYTE $0x49; BYTE $(0xC0|((tile)<<3))

// TILELOADD fills a tile from rows that lie index bytes apart, from base + disp
// on; disp is from -128 to 127. TILESTORED writes it back.
#define TILELOADD(base, index, disp, tile) AMX_MEMORY(3, tile, base, index, disp)
#define TILESTORED(tile, base, index, disp) AMX_MEMORY(2, tile, base, index, disp)

#define AMX_DOT(prefix, op, b, a, d) \
	BYTE $0xC4; \
	BYTE $0xE2; \
	BYTE $(0x40|(prefix)|(((b)^15)<<3)&0x78); \
	BYTE $(op); \
	BYTE $(0xC0|((d)<<3)|(a))

// Td += Ta . Tb, where a row of Tb holds the partners of one double word of a
// row of Ta: two bfloat16, or four bytes (signed and signed, signed and unsigned,
// unsigned and signed: first a, then b).
#define TDPBF16PS(b, a, d) AMX_DOT(2, 0x5C, b, a, d)
#define TDPBSSD(b, a, d) AMX_DOT(3, 0x5E, b, a, d)
#define TDPBSUD(b, a, d) AMX_DOT(2, 0x5E, b, a, d)
#define TDPBUSD(b, a, d) AMX_DOT(1, 0x5E, b, a, d)
