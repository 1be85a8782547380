package service

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// watched is what files say, read again when one of them has changed.
type watched[T any] struct {
	paths []string
	load  func() (T, error)

	mu     sync.Mutex
	value  T
	stamps string
	looked time.Time
}

// lookEvery is how often the files are looked at, at most.
const lookEvery = time.Second

// get returns what the files say. With an error it is what they said before.
func (w *watched[T]) get() (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.looked) < lookEvery {
		return w.value, nil
	}
	w.looked = time.Now()
	stamps := ""
	for _, path := range w.paths {
		info, err := os.Stat(path)
		if err != nil {
			return w.value, err
		}
		stamps += fmt.Sprintln(info.ModTime().UnixNano(), info.Size())
	}
	if stamps == w.stamps {
		return w.value, nil
	}
	value, err := w.load()
	if err != nil {
		return w.value, err
	}
	w.value, w.stamps = value, stamps
	return value, nil
}

// TokensOf returns the tokens in a file, which is read again when it changes: one on a
// line, after the name of whose it is.
func TokensOf(path string) (func() (map[Token]string, error), error) {
	w := &watched[map[Token]string]{paths: []string{path}, load: func() (map[Token]string, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return parseTokens(path, text)
	}}
	_, err := w.get()
	return w.get, err
}

func parseTokens(path string, text []byte) (map[Token]string, error) {
	tokens := map[Token]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 || len(fields[1]) < 16 {
			return nil, fmt.Errorf("%s: line %d: want a name and a token of 16 characters or more", path, n)
		}
		tokens[TokenOf(fields[1])] = fields[0]
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s: no token in it, so that nobody could ask: want lines with a name and a token", path)
	}
	return tokens, nil
}

// Encryption returns TLS with the certificate and the key in two files, which are read
// again when they change. While they do not fit, those before hold, and tell hears why.
func Encryption(certificate, key string, tell func(error)) (*tls.Config, error) {
	w := &watched[*tls.Certificate]{paths: []string{certificate, key}, load: func() (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(certificate, key)
		return &c, err
	}}
	if _, err := w.get(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c, err := w.get()
			if err != nil {
				tell(err)
			}
			return c, nil
		},
	}, nil
}
