package nearest

import "testing"

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"lr", "", 2}, {"kitten", "sitting", 3}, {"ema", "ema", 0}} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func TestName(t *testing.T) {
	names := []string{"watch", "weight_decay", "max-segments", "json", "task"}
	for typed, want := range map[string]string{
		"waatch": "watch", "wach": "watch", "weigth_decay": "weight_decay", "max-segment": "max-segments", "tsk": "task", "jsn": "json",
		"watch": "watch", "segments": "", "q": "", "": "", "no-such-flag-here": "",
	} {
		if got := Name(typed, names); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
