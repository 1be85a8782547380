//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// key makes a pair of keys and returns it with its public half.
func key(t *testing.T, prefix nkeys.PrefixByte) (nkeys.KeyPair, string) {
	t.Helper()
	pair, err := nkeys.CreatePair(prefix)
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return pair, public
}

// operated writes the configuration of a server whose users have credentials of an
// operator, and those of one user.
func operated(t *testing.T) (config, creds string) {
	t.Helper()
	sign := func(c jwt.Claims, by nkeys.KeyPair) string {
		text, err := c.Encode(by)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	operator, operatorName := key(t, nkeys.PrefixByteOperator)
	account, accountName := key(t, nkeys.PrefixByteAccount)
	_, system := key(t, nkeys.PrefixByteAccount)
	user, userName := key(t, nkeys.PrefixByteUser)
	of := jwt.NewAccountClaims(accountName)
	of.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1, MaxBytesRequired: false}
	dir := t.TempDir()
	config, creds = filepath.Join(dir, "server.conf"), filepath.Join(dir, "user.creds")
	seed, err := user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	file, err := jwt.FormatUserConfig(sign(jwt.NewUserClaims(userName), account), seed)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n",
		sign(jwt.NewOperatorClaims(operatorName), operator), system,
		accountName, sign(of, operator), system, sign(jwt.NewAccountClaims(system), operator))
	for path, text := range map[string]string{config: text, creds: string(file)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return config, creds
}

// On a server of an operator the commands work with a file of credentials, and without
// it they do not.
func TestCredentials(t *testing.T) {
	config, creds := operated(t)
	store, out := filepath.Join(t.TempDir(), "queue"), filepath.Join(t.TempDir(), "answers.jsonl")
	server, said := process("serve", "--store", store, "--server-config", config)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	url := "nats://127.0.0.1:" + portOf(t, store)
	path, puzzles := sudokus(t, 100)
	with := []string{"--nats", url, "--creds", creds}
	scale(t, append([]string{"push", path, "--job", "one", "--batch", "16"}, with...)...)
	scale(t, append([]string{"work", "--idle", "1s", "--restarts", "0", "-m", tinyModel(t)}, with...)...)
	scale(t, append([]string{"pull", "one", "-o", out}, with...)...)
	checkAnswers(t, out, puzzles)
	cmd, refused := process("status", "--nats", url)
	if err := cmd.Run(); err == nil || !strings.Contains(strings.ToLower(refused.String()), "authorization") {
		t.Errorf("without credentials: %v: %s", err, refused)
	}
	_ = server.Process.Signal(syscall.SIGTERM)
	if err := server.Wait(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}
