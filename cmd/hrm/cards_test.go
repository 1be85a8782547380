package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/native/embedded"
)

// Every embedded model has a card in docs/cards, which says its size and the accuracy
// that its header states.
func TestCards(t *testing.T) {
	for _, e := range embedded.Models {
		i, err := inspect(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		if want := "/docs/cards/" + e.Name + ".md"; !strings.HasSuffix(i.Card, want) {
			t.Errorf("%s: the card is %q, want it to end in %s", e.Name, i.Card, want)
		}
		checkCard(t, e.Name, i)
	}
	i, err := inspect("../../train/arc/mini-arc.hrm")
	if err != nil {
		t.Fatal(err)
	}
	checkCard(t, "mini-arc", i)
}

func checkCard(t *testing.T, name string, i *inspection) {
	t.Helper()
	text, err := os.ReadFile("../../docs/cards/" + name + ".md")
	if err != nil {
		t.Error(err)
		return
	}
	want := []string{thousands(i.Parameters), thousands(i.Bytes), i.Meta["licence"], "## Limits", "## Data", "## Command"}
	if x, err := strconv.ParseFloat(i.Meta["validation_exact_accuracy"], 64); err == nil && i.Meta["quantized"] == "" {
		want = append(want, strconv.FormatFloat(100*x, 'f', 1, 64))
	}
	if steps, err := strconv.ParseInt(i.Meta["steps"], 10, 64); err == nil {
		want = append(want, thousands(steps))
	}
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			t.Errorf("docs/cards/%s.md does not say %q, which its header does", name, w)
		}
	}
}
