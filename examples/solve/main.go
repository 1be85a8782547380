// Command solve answers a sudoku and a maze with the embedded models, or the puzzles of
// files whose names it is given.
package main

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/hrmgo/hrm"
)

const sudoku = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

const maze = `
S..#....
##.#.##.
....#..#
.##...#.
...#..#G
.#.###..
.#......`

func main() {
	if len(os.Args) > 1 {
		file, err := os.ReadFile(os.Args[1])
		if err != nil {
			log.Fatal(err)
		}
		solve("sudoku", string(file))
		return
	}
	solve("sudoku", sudoku)
	solve("maze", maze)
}

// solve prints the answer of a model, and what the rules say of it.
func solve(model, puzzle string) {
	s, err := hrm.Open(model)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	a, err := s.Solve(context.Background(), puzzle)
	if err != nil {
		log.Fatal(err) // what is wrong with the puzzle, and where
	}
	cols := cmp.Or(a.Puzzle.Cols, 9) // a sudoku of 9 x 9 need not say its size
	for row := range slices.Chunk([]byte(a.Text), cols) {
		fmt.Println(strings.ReplaceAll(string(row), " ", ".")) // open cells of a maze
	}
	fmt.Println("valid:", a.Valid, "in one pass:", a.FirstValid)
}
