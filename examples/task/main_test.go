package main

func Example() {
	main()
	// Output: more than half of 50 new puzzles solved: true
}
