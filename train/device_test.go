package train

import "testing"

// A label that comes late asks for the position's own token first, and whether the
// position is right is decided by what it says first that is not its own.
func TestLateLabel(t *testing.T) {
	const own, label, other = 2, 7, 8
	late := LabelFrom(label, 3)
	for segment, want := range map[int32]int32{1: own, 2: own, 3: label, 9: label} {
		if got := Asked(late, own, segment); got != want {
			t.Errorf("segment %d asks for %d, want %d", segment, got, want)
		}
	}
	right, wrong := Said(late, own, label), Said(late, own, other)
	for name, c := range map[string]struct {
		label, token int32
		want         bool
	}{
		"nothing said yet":        {Said(late, own, own), own, false},
		"said":                    {right, label, true},
		"said, and forgotten":     {right, own, true},
		"said wrong":              {wrong, other, false},
		"said wrong, and mended":  {Said(wrong, own, label), label, false},
		"said, and then wrong":    {Said(right, own, other), other, true},
		"not late":                {label, label, true},
		"not late, wrong":         {Said(label, own, other), other, false},
		"no label":                {IgnoreLabel, 0, false},
		"no label after a moment": {Said(LabelFrom(IgnoreLabel, 2), own, other), other, false},
	} {
		if got := Right(c.label, c.token); got != c.want {
			t.Errorf("%s: right is %v", name, got)
		}
	}
	for _, l := range []int32{right, wrong} {
		if Final(l) != label || Asked(l, own, 2) != own {
			t.Errorf("a note changes what label %#x asks for", l)
		}
	}
	if got := LabelFrom(label, 1<<20); Final(got) != label || got < 0 || Asked(got, own, 1<<12) != own {
		t.Errorf("a label of a far segment is %#x", got)
	}
}
