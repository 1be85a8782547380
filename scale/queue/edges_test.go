package queue

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Workers reach the queue through a leaf node of an edge site, and over WebSocket, with
// permissions for its subjects alone; others are refused.
func TestEdges(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	leaf, web := freePort(t), freePort(t)
	path := filepath.Join(t.TempDir(), "server.conf")
	text := fmt.Sprintf(`
jetstream { domain: hub }
websocket { host: "127.0.0.1", port: %d, no_tls: true }
leafnodes { host: "127.0.0.1", port: %d }
authorization {
  users: [
    { user: operator, password: operator }
    { user: worker, password: worker, permissions: {
        publish: ["$JS.API.>", "$JS.ACK.hrm-work.>", "$KV.hrm-workers.>", "hrm.done.>", "hrm.dead.>"]
        subscribe: ["_INBOX.>"] } }
  ]
}`, web, leaf)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	hub, wait, err := Server{Folder: filepath.Join(t.TempDir(), "store"), ServerConfig: path}.Local(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); wait() }()
	remote, _ := url.Parse(fmt.Sprintf("nats-leaf://operator:operator@127.0.0.1:%d", leaf))
	site := freePort(t)
	edge, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: site, NoSigs: true, LeafNode: server.LeafNodeOpts{Remotes: []*server.RemoteLeafOpts{{URLs: []*url.URL{remote}}}}})
	if err != nil {
		t.Fatal(err)
	}
	edge.Start()
	defer edge.Shutdown()
	for deadline := time.Now().Add(10 * time.Second); edge.NumLeafNodes() == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the leaf node does not reach the hub")
		}
	}
	one := slices.Values([]Puzzle{{Text: "1"}})
	for i, at := range []string{hub, fmt.Sprintf("nats://127.0.0.1:%d", site), fmt.Sprintf("ws://127.0.0.1:%d", web)} {
		conn, err := nats.Connect(at, nats.UserInfo("operator", "operator"))
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		defer conn.Close()
		within, end := context.WithTimeout(ctx, 10*time.Second)
		defer end()
		q, err := Open(within, conn, Options{Domain: []string{"", "hub", ""}[i]})
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if _, err := q.Push(ctx, fmt.Sprint("job", i), 1, one, nil); err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if s, err := q.Status(ctx); err != nil || s.Waiting != uint64(i+1) {
			t.Errorf("%s: %+v, %v", at, s, err)
		}
	}
	conn, err := nats.Connect(fmt.Sprintf("ws://127.0.0.1:%d", web), nats.UserInfo("worker", "worker"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q, err := Open(ctx, conn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	short, end := context.WithTimeout(ctx, 2*time.Second)
	defer end()
	if _, err := q.Push(short, "forged", 1, one, nil); err == nil {
		t.Error("a worker may push")
	}
	if _, err := nats.Connect(hub); err == nil {
		t.Error("a stranger may connect")
	}
}
