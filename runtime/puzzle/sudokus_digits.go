package puzzle

import (
	"fmt"
	"strconv"

	"github.com/hrmgo/hrm/runtime/puzzle/sudoku"
)

// Digits is how the digits of a sudoku are written: one of the constants, and
// SmallLetters perhaps.
type Digits uint8

const (
	DigitsFrom1  Digits = iota // 1 to 9, then A for 10, B for 11, ...
	DigitLetters               // A, B, C, ...
	DigitsFrom0                // 0 to 9, then A, B, ...; a blank is no 0
	NumbersFrom1               // 1, 2, ... 10, 11, ... with spaces between
	NumbersFrom0               // 0, 1, ... with spaces between; a blank is no 0

	SmallLetters Digits = 8 // a, b, ... and not A, B, ...
)

func (d Digits) kind() Digits { return d &^ SmallLetters }

// numbers reports cells of more than one character, with spaces between them.
func (d Digits) numbers() bool { return d.kind() == NumbersFrom1 || d.kind() == NumbersFrom0 }

// text returns a token as it is written.
func (d Digits) text(token int32) string {
	n, letter := int(token)-1, 'A' // digit from 1
	if d&SmallLetters != 0 {
		letter = 'a'
	}
	switch {
	case token == SudokuBlank:
		return "."
	case n < 1 || n > sudoku.MaxSide:
		return "?"
	case d.kind() == DigitLetters:
		return string(letter + rune(n) - 1)
	case d.kind() == DigitsFrom0 || d.kind() == NumbersFrom0:
		n--
	}
	if n < 10 || d.numbers() {
		return strconv.Itoa(n)
	}
	return string(letter + rune(n) - 10)
}

// token returns the token of a cell's text, as cellsOf gives it.
func (d Digits) token(text string) (int32, bool) {
	n, letter, ok := valueOf(text)
	switch k := d.kind(); {
	case text == ".":
		return SudokuBlank, true
	case k == DigitLetters && text == "0":
		return SudokuBlank, true
	case k == DigitLetters:
		return int32(n) - 8, letter
	case d.numbers() && letter || !d.numbers() && len(text) > 1:
		return 0, false
	case k == DigitsFrom0 || k == NumbersFrom0:
		return int32(n) + 2, ok
	}
	return int32(n) + 1, ok
}

// valueOf returns what a cell's text is as a number, a letter A as 10.
func valueOf(text string) (n int, letter, ok bool) {
	if c := text[0] &^ 0x20; len(text) == 1 && c >= 'A' && c <= 'Z' {
		return int(c-'A') + 10, true, true
	}
	n, err := strconv.Atoi(text)
	return n, false, err == nil && n >= 0
}

// describe says what is written so in a sudoku of a side.
func (d Digits) describe(side int) string {
	most := d.text(int32(side) + 1)
	switch d.kind() {
	case DigitLetters:
		return fmt.Sprintf("A to %s, or . or 0 for a blank cell", most)
	case DigitsFrom0:
		return fmt.Sprintf("0 to 9 and A to %s, or . for a blank cell", most)
	case NumbersFrom0:
		return fmt.Sprintf("numbers 0 to %s with spaces between, or . for a blank cell", most)
	case NumbersFrom1:
		return fmt.Sprintf("numbers 1 to %s with spaces between, or . or 0 for a blank cell", most)
	}
	if side < 10 {
		return fmt.Sprintf("1 to %s, or . or 0 for a blank cell", most)
	}
	return fmt.Sprintf("1 to 9 and A to %s, or . or 0 for a blank cell", most)
}

// choices says in which ways a sudoku of a side may be written.
func choices(side int) string {
	if side < 10 {
		return fmt.Sprintf("want %s; or letters: %s", DigitsFrom1.describe(side), DigitLetters.describe(side))
	}
	return fmt.Sprintf("want %s; or letters alone: %s; or from 0: %s; or %s", DigitsFrom1.describe(side),
		DigitLetters.describe(side), DigitsFrom0.describe(side), NumbersFrom1.describe(side))
}

// signs is what occurs in the cells of a grid.
type signs struct{ zero, blank, digit, number, letter, small bool }

func signsOf(cells []textCell) (s signs) {
	for i := range cells {
		text := cells[i].text
		switch _, letter, ok := valueOf(text); {
		case text == ".":
			s.blank = true
		case text == "0":
			s.zero = true
		case letter:
			s.letter, s.small = true, s.small || text[0] >= 'a'
		case ok:
			s.number, s.digit = s.number || len(text) > 1, true
		}
	}
	return s
}

// digitsOf tells how the cells of a whole grid are written:
//
//   - a number of two digits makes all of them numbers;
//   - letters without a digit 1 to 9 beside them are letters alone;
//   - else A is 10, but for a 0 that is no blank.
//
// 0 is a blank where there is no other sign for one, and always in 9 x 9; beside '.' it
// is a digit, and the digits are 0 to side-1. at is the cell that does not go with the
// others.
func digitsOf(side int, cells []textCell) (d Digits, at int, err error) {
	s := signsOf(cells)
	from0 := s.zero && s.blank && side != 9
	switch {
	case s.number && from0:
		d = NumbersFrom0
	case s.number:
		d = NumbersFrom1
	case s.letter && !s.digit:
		d = DigitLetters
	case from0:
		d = DigitsFrom0
	}
	if s.small {
		d |= SmallLetters
	}
	for i := range cells {
		text := cells[i].text
		if t, ok := d.token(text); ok && t >= SudokuBlank && int(t) <= side+1 {
			continue
		}
		if n, _, ok := valueOf(text); ok && from0 && n == side {
			return d, i, fmt.Errorf("%s beside 0 and .: 0 is a digit or a blank here, and nobody can tell which; %s", text, choices(side))
		}
		return d, i, fmt.Errorf("found %q in a sudoku of %d x %d, %s", text, side, side, choices(side))
	}
	return d, 0, nil
}
