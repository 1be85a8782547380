package main

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/wasm/npm"
)

// What lies in place of the module is compared with the hash that was recorded of it.
func TestCompareModule(t *testing.T) {
	data := []byte("\x00asm, a module")
	then := []string{"go go1.26", moduleLine(data), "wasm/simd 12"}
	if err := compareModule(module, npm.Compress(data), then); err != nil {
		t.Error(err)
	}
	rubbish := make([]byte, 2000)
	_, _ = rand.Read(rubbish)
	for name, other := range map[string][]byte{
		"random bytes": rubbish, "another module": npm.Compress([]byte("\x00asm, another")), "nothing": nil, "part of it": npm.Compress(data)[:9],
	} {
		if err := compareModule(module, other, then); err == nil || !strings.Contains(err.Error(), "is not the one") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := compareModule(module, npm.Compress(data), then[:1]); err == nil {
		t.Error("a list without a hash vouches for the module")
	}
	if err := compare(then, []string{"go go1.27", "module 00", "wasm/simd 12"}); err != nil {
		t.Errorf("the sources are the same: %v", err)
	}
	if err := compare(then, []string{"go go1.26", "wasm/simd 13"}); err == nil || !strings.Contains(err.Error(), "older than wasm/simd") {
		t.Errorf("other sources: %v", err)
	}
}
