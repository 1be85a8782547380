// Command plugin solves a sudoku with a model in a sandbox: a WebAssembly module that has
// no files, no network and no clock. go run ./wasm/build makes the module, with SIMD:
//
//	go run ./wasm/build && go run ./examples/plugin wasm/dist/hrm-plugin.wasm
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/hrmgo/hrm/wasm/host"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: plugin hrm-plugin.wasm")
	}
	module, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	// A program that gets its module from elsewhere writes down the hash it trusts.
	hash := sha256.Sum256(module)
	answer, err := solve(context.Background(), module, hex.EncodeToString(hash[:]))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
}

func solve(ctx context.Context, module []byte, trusted string) (string, error) {
	h, err := host.Open(ctx, host.Options{
		Module: module, SHA256: trusted,
		Deadline: 5 * time.Minute, MemoryLimit: 256 << 20, // what is beyond is an error, not a hang
	})
	if err != nil {
		return "", err
	}
	defer h.Close()
	puzzle := "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"
	results, err := h.Solve(ctx, []host.Puzzle{{Text: puzzle}}, host.SolveOptions{})
	if err != nil {
		return "", err
	}
	return fmt.Sprint(results[0].Answer, " ", results[0].Valid()), nil
}
