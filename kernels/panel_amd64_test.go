//go:build !purego

package kernels

import "testing"

// eachPanel runs a test with every implementation that this processor has.
func eachPanel(t *testing.T, name string, f func(t *testing.T)) {
	fast, fastBF16 := panelAVX512, panelBF16
	defer func() { panelAVX512, panelBF16 = fast, fastBF16 }()
	panelAVX512, panelBF16 = false, false
	t.Run(name+"/generic", f)
	if panelAVX512, panelBF16 = fast, fastBF16; fastBF16 {
		t.Run(name+"/avx512", f)
	}
}
