//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// served is hrm serve as a process of its own.
type served struct {
	*exec.Cmd
	url string
	mu  sync.Mutex
	log strings.Builder
}

// startServe starts hrm serve and waits until it says where it is.
func startServe(t *testing.T, environment []string, args ...string) *served {
	t.Helper()
	s := &served{}
	s.Cmd, _ = process(append([]string{"serve", "--address", "127.0.0.1:0"}, args...)...)
	s.Env = append(s.Env, environment...)
	s.Stderr = nil
	pipe, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Process.Kill(); _ = s.Wait() })
	where := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.mu.Lock()
			fmt.Fprintln(&s.log, lines.Text())
			s.mu.Unlock()
			if _, at, ok := strings.Cut(lines.Text(), " at http"); ok && strings.HasPrefix(lines.Text(), "hrm: solving") {
				where <- "http" + at
			}
		}
		close(where)
	}()
	s.url = <-where
	if s.url == "" {
		t.Fatal(s.said())
	}
	return s
}

func (s *served) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// until waits for what the log says.
func (s *served) until(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.said(), want); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in %s", want, s.said())
		}
	}
}

// A signal under load loses nothing: every request that was accepted is answered, no
// connection is reset, and the service says what it waits for. HRM_LONG=1 tries it 50
// times.
func TestServeDrains(t *testing.T) {
	model := modelFile(t)
	rounds := 3
	if os.Getenv("HRM_LONG") != "" {
		rounds = 50
	}
	asked, refused := 0, 0
	for round := range rounds {
		s := startServe(t, nil, "-m", model, "--drain-delay", "300ms", "--restarts", "0")
		var answered, turned atomic.Int64
		var wg sync.WaitGroup
		for client := range 64 {
			wg.Go(func() {
				one := &http.Client{Transport: &http.Transport{DisableKeepAlives: client%8 == 0}}
				for {
					r, err := one.Post(s.url+"/v1/solve", "application/json", strings.NewReader(`{"puzzles":["`+easy+`"]}`))
					if errors.Is(err, syscall.ECONNREFUSED) {
						turned.Add(1)
						return
					}
					if err != nil {
						t.Errorf("round %d, client %d: %v", round, client, err)
						return
					}
					text, err := io.ReadAll(r.Body)
					r.Body.Close()
					if err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(text), `"answer"`) {
						t.Errorf("round %d, client %d: status %d, %s, %v", round, client, r.StatusCode, text, err)
						return
					}
					answered.Add(1)
				}
			})
		}
		for answered.Load() < int64(100+10*round%50) {
			time.Sleep(time.Millisecond)
		}
		_ = s.Process.Signal(syscall.SIGTERM)
		s.until(t, "draining: not ready")
		wg.Wait()
		if err := s.Wait(); err != nil {
			t.Errorf("round %d: %v: %s", round, err, s.said())
		}
		asked += int(answered.Load())
		refused += int(turned.Load())
	}
	t.Logf("%d rounds: %d requests answered, %d clients turned away, none reset", rounds, asked, refused)
}

// A second signal ends at once, whatever is under way.
func TestServeSecondSignal(t *testing.T) {
	s := startServe(t, nil, "-m", modelFile(t), "--drain-delay", "1m")
	_ = s.Process.Signal(syscall.SIGTERM)
	s.until(t, "draining")
	if r, err := http.Get(s.url + "/readyz"); err != nil || r.StatusCode != http.StatusServiceUnavailable || !r.Close {
		t.Errorf("%v, %v", r, err)
	}
	began := time.Now()
	_ = s.Process.Signal(syscall.SIGTERM)
	if err := s.Wait(); err == nil || time.Since(began) > 2*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

// SIGHUP reads the models again without losing a request; what cannot be read leaves
// them as they are.
func TestServeReloads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.hrm")
	text, err := os.ReadFile(modelFile(t))
	if err != nil {
		t.Fatal(err)
	}
	write := func(text []byte) {
		if err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	s := startServe(t, nil, "-m", "mine="+path, "-m", "sudoku", "--restarts", "0", "--anyway")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, name := range []string{"mine", "sudoku", "mine", "sudoku"} {
		wg.Go(func() {
			for ctx.Err() == nil {
				r, err := http.Post(s.url+"/v1/solve", "application/json", strings.NewReader(`{"model":"`+name+`","puzzles":["`+easy+`"]}`))
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := io.ReadAll(r.Body)
				r.Body.Close()
				if r.StatusCode != http.StatusOK || !strings.Contains(string(text), `"answer"`) {
					t.Errorf("status %d, %s", r.StatusCode, text)
				}
			}
		})
	}
	for i := range 3 {
		_ = s.Process.Signal(syscall.SIGHUP)
		for deadline := time.Now().Add(20 * time.Second); strings.Count(s.said(), "models replaced") < i+1; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal(s.said())
			}
		}
	}
	write(text[:len(text)/2])
	_ = s.Process.Signal(syscall.SIGHUP)
	s.until(t, "models not replaced")
	cancel()
	wg.Wait()
}

// certificate writes a certificate with a serial number, and its key.
func certificate(t *testing.T, serial int64, certPath, keyPath string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(certPath, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

// The certificate is that of the files, also when they change; flags come from the
// environment too.
func TestServeEncrypted(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	certificate(t, 1, cert, key)
	s := startServe(t, []string{"HRM_SERVE_TLS_CERT=" + cert, "HRM_SERVE_TLS_KEY=" + key, "HRM_SERVE_MAX_PUZZLES=2", "HRM_SERVE_MODEL=a=" + modelFile(t) + ",sudoku", "HRM_SERVE_DRAIN_DELAY=1ms"})
	if !strings.HasPrefix(s.url, "https://") {
		t.Fatal(s.url)
	}
	serial := func() int64 {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}}
		defer client.CloseIdleConnections()
		r, err := client.Post(s.url+"/v1/solve", "application/json", strings.NewReader(`{"puzzles":["1","2","3"]}`))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if text, _ := io.ReadAll(r.Body); r.ProtoMajor != 2 || !strings.Contains(string(text), "3 puzzles, want 1 to 2") {
			t.Errorf("%s: %s", r.Proto, text)
		}
		return r.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 {
		t.Errorf("serial %d", got)
	}
	certificate(t, 2, cert, key)
	for deadline := time.Now().Add(10 * time.Second); serial() != 2; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the certificate before is still used: %s", s.said())
		}
	}
	_ = s.Process.Signal(os.Interrupt)
	if err := s.Wait(); err != nil {
		t.Errorf("%v: %s", err, s.said())
	}
}

func TestServeRefusesFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"--max-queue is 0":           {"--max-queue", "0"},
		"--tls-cert and --tls-key":   {"--tls-cert", "x"},
		"--log is \"xml\"":           {"--log", "xml"},
		"two models are called":      {"-m", "sudoku", "-m", "sudoku"},
		"want one as https":          {"--cors", "example.com"},
		"no such file":               {"--tokens", filepath.Join(t.TempDir(), "none")},
		"want the first no more":     {"--max-puzzles", "10", "--max-client", "5"},
		"address in use or unknown|": {"--address", "256.0.0.1:1"},
	} {
		code, _, errOut := hrm(t, "", append([]string{"serve"}, args...)...)
		if code != statusUsage || !strings.Contains(want, "|") && !strings.Contains(errOut, want) {
			t.Errorf("%q: status %d, %s", args, code, errOut)
		}
	}
	t.Setenv("HRM_SERVE_MAX_BODY", "much")
	if code, _, errOut := hrm(t, "", "serve"); code != statusUsage || !strings.Contains(errOut, "HRM_SERVE_MAX_BODY in the environment") {
		t.Errorf("status %d, %s", code, errOut)
	}
}
