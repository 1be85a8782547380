package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hrmgo/hrm/internal/version"
)

// hrm runs the command as a user would, and returns what it printed.
func hrm(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(stdin), &out, &errOut)
	return status, out.String(), errOut.String()
}

func TestVersion(t *testing.T) {
	status, out, _ := hrm(t, "", "version", "--json")
	var v version.Info
	if err := json.Unmarshal([]byte(out), &v); err != nil || status != statusOK {
		t.Fatalf("status %d, %q: %v", status, out, err)
	}
	if v.Version == "" || v.Go == "" || !strings.Contains(v.Platform, "/") {
		t.Errorf("incomplete: %+v", v)
	}
}

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{{"no-such-command"}, {"version", "--no-such-flag"}, {"version", "extra"}} {
		status, out, errOut := hrm(t, "", args...)
		if status != statusUsage || out != "" || !strings.HasPrefix(errOut, "hrm: ") {
			t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, out, errOut)
		}
	}
}

func TestHelpTeaches(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if c.Short == "" || c.RunE == nil {
			t.Errorf("%s: no short help or no RunE", c.Name())
		}
	}
}
