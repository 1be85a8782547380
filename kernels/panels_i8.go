package kernels

// PanelsI8 is a matrix w [N, K] of int8 numbers with one scale for each row,
//
//	w[j, k] = Scale[j] * q[j, k],
//
// laid out for MatMulI8 in groups of four k, which one instruction reduces:
//
//	Data[((p*ceil(K/4) + k/4)*16 + j)*4 + k%4] = q[16p+j, k].
//
// Rows beyond N and the k beyond K mean nothing. Kernels that want 128 added to each
// number, which makes it an unsigned one, find it so in Data: other kernels than those
// in use when a matrix was made cannot multiply by it.
type PanelsI8 struct {
	N, K  int
	Data  []int8    // [ceil(N/16), ceil(K/4), 16, 4]
	Scale []float32 // [N]

	flip int8 // the highest bit where 128 is added to the numbers, or 0
}

// groupI8 is the number of k that lie side by side.
const groupI8 = 4

// NewPanelsI8 returns a matrix [n, k] for SetRow.
func NewPanelsI8(n, k int) *PanelsI8 { return PanelsI8In(make([]int8, PanelsI8Len(n, k)), n, k) }

// PanelsI8In is NewPanelsI8 in memory of PanelsI8Len(n, k) numbers or more.
func PanelsI8In(data []int8, n, k int) *PanelsI8 {
	return &PanelsI8{N: n, K: k, Data: data, Scale: make([]float32, n), flip: flipI8()}
}

// PanelsI8Len returns the length of Data for a matrix [n, k].
func PanelsI8Len(n, k int) int { return panelCount(n) * panelI8Len(k) }

// panelI8Len is the length of one panel.
func panelI8Len(k int) int { return PanelWidth * paddedI8(k) }

// paddedI8 is k rounded up to whole groups.
func paddedI8(k int) int { return (k + groupI8 - 1) / groupI8 * groupI8 }

// strideI8 is the distance of two rows of k numbers: k rounded up to a whole
// tile of AMX, and an odd number of those, because 16 rows at a distance of a
// power of two share few sets of the first-level cache. Seen: K 512 at a
// distance of 512 runs at 2.9 TOP/s, of 576 at 3.9.
func strideI8(k int) int { return (k+63)/64*64 | 64 }

// SetRow sets row j to scale * q [K]. Different rows may be set concurrently.
func (p *PanelsI8) SetRow(j int, q []int8, scale float32) {
	p.Scale[j] = scale
	at := j/PanelWidth*panelI8Len(p.K) + j%PanelWidth*groupI8
	for q = q[:p.K]; len(q) > 0; at += PanelWidth * groupI8 {
		n := copy(p.Data[at:at+groupI8], q)
		q = q[n:]
		for i := range p.Data[at : at+groupI8] {
			p.Data[at+i] ^= p.flip
		}
	}
}

// Rows returns rows lo..lo+n-1, in the same memory. lo must be a multiple of
// PanelWidth.
func (p *PanelsI8) Rows(lo, n int) PanelsI8 {
	checkRows(lo, n, p.N)
	at := lo * paddedI8(p.K)
	return PanelsI8{N: n, K: p.K, Data: p.Data[at : at+PanelsI8Len(n, p.K)], Scale: p.Scale[lo : lo+n], flip: p.flip}
}
