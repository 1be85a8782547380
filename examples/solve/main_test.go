package main

import "os"

func Example() {
	os.Args = os.Args[:1] // the test's own are not for it
	main()
	// Output:
	// 534678912
	// 672195348
	// 198342567
	// 859761423
	// 426853791
	// 713924856
	// 961537284
	// 287419635
	// 345286179
	// valid: true in one pass: true
	// Soo#....
	// ##o#.##.
	// ooo.#..#
	// o##...#.
	// ooo#..#G
	// .#o###.o
	// .#oooooo
	// valid: true in one pass: true
}
