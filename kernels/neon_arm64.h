// Instructions on four float32 that Go's assembler does not know, by register
// number in its order of operands: second source, first source, destination.

#define FADD4(m, n, d) WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d)) // d = n + m
#define FSUB4(m, n, d) WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d)) // d = n - m
#define FMUL4(m, n, d) WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d)) // d = n * m
#define FDIV4(m, n, d) WORD $(0x6e20fc00 | (m)<<16 | (n)<<5 | (d)) // d = n / m
#define FMAX4(m, n, d) WORD $(0x4e20f400 | (m)<<16 | (n)<<5 | (d)) // NaN if either is
#define FMIN4(m, n, d) WORD $(0x4ea0f400 | (m)<<16 | (n)<<5 | (d)) // NaN if either is
#define FADDP4(m, n, d) WORD $(0x6e20d400 | (m)<<16 | (n)<<5 | (d)) // sums of neighbours, of n then of m

#define FNEG4(n, d) WORD $(0x6ea0f800 | (n)<<5 | (d))
#define FRINTM4(n, d) WORD $(0x4e219800 | (n)<<5 | (d)) // round down
#define FCVTZS4(n, d) WORD $(0x4ea1b800 | (n)<<5 | (d)) // to int32
#define FMAXV4(n, d) WORD $(0x6e30f800 | (n)<<5 | (d)) // the largest of n, in S[0] of d

// FMLA4 adds n times number i of m to d.
#define FMLA4(m, i, n, d) WORD $(0x4f801000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

// Products of bytes. SDOT4 adds to each word of d the product of four bytes of n
// with those of word i of m; SMMLA4 adds to the 2 x 2 words of d the products of
// the two halves of n, rows of 8 bytes, with those of m.
#define SDOT4(m, i, n, d) WORD $(0x4f80e000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d))
#define SMMLA4(m, n, d) WORD $(0x4e80a400 | (m)<<16 | (n)<<5 | (d))
#define SCVTF4(n, d) WORD $(0x4e21d800 | (n)<<5 | (d)) // from int32
