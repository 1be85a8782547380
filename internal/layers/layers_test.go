// Package layers holds the rule of who may import whom, as docs/architecture.md
// says it.
package layers

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/hrmgo/hrm/"

// may lists the packages of ours that a package may import, beside those in internal
// that the standard library could have held. A name that ends in / stands for all
// below it.
var may = map[string][]string{
	"kernels":           {},
	"quantize":          {},
	"runtime/weights":   {},
	"runtime/puzzle":    {"runtime/puzzle/sudoku"},
	"runtime":           {"quantize", "runtime/weights"},
	"runtime/reference": {"quantize", "runtime"},
	"runtime/cpu":       {"kernels", "quantize", "runtime"},
	"runtime/arc":       {"runtime", "runtime/puzzle"},
	"train/arc":         {"runtime", "runtime/arc", "runtime/cpu", "runtime/puzzle", "runtime/weights", "train", "train/config", "train/cpu", "train/data"},
	"runtime/onnx":      {"quantize", "runtime", "runtime/weights"},
	"gpu":               {"quantize", "runtime"},
	"gpu/wgpu":          {"gpu"},
	"train":             {"quantize", "runtime", "runtime/weights"},
	"train/cpu":         {"kernels", "quantize", "runtime", "train"},
	"train/webgpu":      {"gpu", "quantize", "runtime", "train"},
	"train/data":        {"runtime/puzzle", "runtime/puzzle/sudoku"},
	"native":            {"native/cache", "native/embedded", "runtime", "runtime/puzzle", "runtime/weights"},
	"native/cache":      {},
	"native/pull":       {"native/cache", "runtime/checkpoint", "runtime/weights"},
	"wasm/abi":          {},
	"solver":            {"runtime", "runtime/arc", "runtime/cpu", "runtime/puzzle", "runtime/weights"},
	"solver/record":     {"runtime/puzzle", "solver"},
	"native/service":    {"runtime", "runtime/puzzle", "solver", "solver/record"},
	"wasm/host":         {"wasm/abi"},
}

// alone lists who may import what most may not.
var alone = map[string][]string{
	"train":        {"train/", "cmd/hrm-train", "bench/", "examples/", "internal/keysdoc"},
	"train/cpu":    {"cmd/hrm-train", "bench/", "train/arc", "examples/"},
	"train/webgpu": {"cmd/hrm-train", "bench/"},
	"gpu":          {"gpu/", "train/webgpu", "cmd/", "wasm/browser", "bench/"},
	"gpu/wgpu":     {"gpu/", "cmd/", "wasm/browser", "bench/"},
	"runtime/cpu":  {"cmd/", "bench/", "train/arc", "solver"},
	"cmd/":         {},
}

func TestImports(t *testing.T) {
	for from, imports := range packages(t) {
		allowed, bound := may[from]
		for _, to := range imports {
			if bound && !strings.HasPrefix(to, "internal/") && !among(to, allowed) {
				t.Errorf("%s imports %s, want only %s", from, to, strings.Join(allowed, ", "))
			}
			for what, who := range alone {
				if among(to, []string{what}) && !among(from, who) {
					t.Errorf("%s imports %s, which only %s may", from, to, strings.Join(who, ", "))
				}
			}
		}
	}
}

// packages returns the imports of ours of every package, without those of tests.
func packages(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		names := strings.Fields(line)
		from := strings.TrimPrefix(names[0], module)
		all[from] = nil
		for _, to := range names[1:] {
			if name, ours := strings.CutPrefix(to, module); ours {
				all[from] = append(all[from], name)
			}
		}
	}
	for _, from := range []string{"kernels", "runtime", "cmd/hrm"} {
		if _, there := all[from]; !there {
			t.Fatalf("go list does not say what %s imports", from)
		}
	}
	for name := range may {
		if _, there := all[name]; !there {
			t.Errorf("the rule knows %s, which is no package", name)
		}
	}
	return all
}

// among reports whether a name is in a list, or below one that ends in /.
func among(name string, list []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		return name == entry || strings.HasSuffix(entry, "/") && strings.HasPrefix(name, entry)
	})
}
