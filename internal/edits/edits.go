// Package edits changes files in a few places, for fuzz tests of readers of
// files: a fuzzing engine that mutates a file of some kilobytes spends its time
// on making it shorter, one that mutates a list of edits does not.
package edits

import "slices"

// Size is how many bytes say one edit.
const Size = 4

// Apply returns data with edits: each is a place in two bytes, what to do, and
// its operand. What is left of fewer than four bytes says nothing.
func Apply(data, edits []byte) []byte {
	data = slices.Clone(data)
	for ; len(edits) >= Size; edits = edits[Size:] {
		at := (int(edits[0]) | int(edits[1])<<8) % (len(data) + 1)
		operand := edits[3]
		switch edits[2] % 6 {
		case 0: // another byte
			if at < len(data) {
				data[at] = operand
			}
		case 1: // a flipped bit
			if at < len(data) {
				data[at] ^= 1 << (operand % 8)
			}
		case 2: // a byte more
			data = slices.Insert(data, at, operand)
		case 3: // some bytes less
			data = slices.Delete(data, at, min(at+1+int(operand), len(data)))
		case 4: // some bytes again
			end := min(at+int(operand), len(data))
			data = slices.Insert(data, end, slices.Clone(data[at:end])...)
		case 5: // an end
			data = data[:at]
		}
	}
	return data
}
