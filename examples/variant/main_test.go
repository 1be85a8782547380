package main

import (
	"context"
	"fmt"
)

func Example() {
	for _, conv := range []string{"0", "3"} {
		first, last, err := learn(context.Background(), 8, "conv", conv)
		fmt.Println("conv", conv, "the loss fell:", last < first, err)
	}
	// Output:
	// conv 0 the loss fell: true <nil>
	// conv 3 the loss fell: true <nil>
}
