package browsers

import (
	"context"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/scale/queue"
	"github.com/hrmgo/hrm/wasm/npm"
)

// start serves a queue with a site, and returns the address of each.
func start(t *testing.T) (at, page string) {
	t.Helper()
	s, err := New("hrm", embedded.Model, 3)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	at, wait, err := queue.Server{Folder: filepath.Join(t.TempDir(), "store"), Change: s.Change}.Local(ctx)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, at, l, "", "") }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		wait()
	})
	return at, "http://" + l.Addr().String()
}

// browser connects as a page does.
func browser(t *testing.T, page string) (user, *nats.Conn) {
	t.Helper()
	var u user
	r, err := http.Post(page+"/connect.json", "", nil)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatal(err, r)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(strings.Replace(page, "http", "ws", 1), nats.ProxyPath("/queue"), nats.UserInfo(u.User, u.Password), nats.CustomInboxPrefix(u.Inbox), nats.NoReconnect(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return u, conn
}

// ask requests as a browser, and returns the data, or "refused".
func ask(conn *nats.Conn, subject, payload string) string {
	m, err := conn.Request(subject, []byte(payload), 300*time.Millisecond)
	if err != nil {
		return "refused"
	}
	return string(m.Data)
}

// A browser takes a batch, stores the answer and acknowledges it, and may do nothing
// else: neither put nor delete nor read what is in the queue, nor acknowledge or see
// what others were given.
func TestPermissions(t *testing.T) {
	at, page := start(t)
	conn, err := nats.Connect(at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	q, err := queue.Open(t.Context(), conn, queue.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	puzzles := slices.Values([]queue.Puzzle{{Text: "1"}, {Text: "2"}, {Text: "3"}})
	if _, err := q.Push(t.Context(), "job", 1, puzzles, nil); err != nil {
		t.Fatal(err)
	}
	me, mine := browser(t, page)
	_, other := browser(t, page)
	const next = "$JS.API.CONSUMER.MSG.NEXT.hrm-work.workers"
	batch, err := mine.Request(next, []byte(`{"batch":1,"expires":1000000000}`), 2*time.Second)
	if err != nil || !strings.HasPrefix(batch.Reply, "$JS.ACK.") {
		t.Fatal(batch, err)
	}
	for subject, payload := range map[string]string{
		"hrm.work.job.9":                           `{"job":"job","number":9,"puzzles":[]}`,
		"hrm.jobs.job":                             `{}`,
		"hrm.done.job":                             `{}`,
		"$KV.hrm-workers.another":                  `{}`,
		"$JS.API.INFO":                             "",
		"$JS.API.STREAM.NAMES":                     "",
		"$JS.API.STREAM.INFO.hrm-done":             "",
		"$JS.API.STREAM.PURGE.hrm-work":            "",
		"$JS.API.STREAM.DELETE.hrm-work":           "",
		"$JS.API.STREAM.MSG.DELETE.hrm-work":       `{"seq":2}`,
		"$JS.API.STREAM.MSG.GET.hrm-done":          `{"seq":1}`,
		"$JS.API.STREAM.MSG.GET.hrm-work":          `{"seq":2}`,
		"$JS.API.DIRECT.GET.hrm-done":              `{"seq":1}`,
		"$JS.API.DIRECT.GET.hrm-work":              `{"seq":2}`,
		"$JS.API.CONSUMER.CREATE.hrm-done":         `{"stream_name":"hrm-done","config":{}}`,
		"$JS.API.CONSUMER.DELETE.hrm-work.workers": "",
		"$JS.API.CONSUMER.MSG.NEXT.hrm-done.any":   "1",
		"$JS.API.STREAM.CREATE.mine":               `{"name":"mine","subjects":["x"]}`,
		"$SYS.REQ.SERVER.PING":                     "",
		batch.Reply[:len(batch.Reply)-1] + "9":     "+ACK", // of what nobody gave it
	} {
		if said := ask(mine, subject, payload); said != "refused" {
			t.Errorf("%s: %s", subject, said)
		}
	}
	if said := ask(other, batch.Reply, "+ACK"); said != "refused" {
		t.Errorf("another browser may acknowledge: %s", said)
	}
	subscriptions(t, page, ">", "_INBOX.>", "_INBOX_*.>", "hrm.>", "hrm.done.>", "$JS.>", "$KV.>", me.Inbox+".>")
	if said := ask(mine, "hrm.done.job.0", `{"batch":0,"worker":"web","records":[{"index":0}]}`); !strings.Contains(said, `"seq":1`) {
		t.Errorf("its answer: %s", said)
	}
	if said := ask(mine, "hrm.done.job.0", `{"batch":0}`); !strings.Contains(said, "per subject") {
		t.Errorf("another answer: %s", said)
	}
	if said := ask(mine, "$KV.hrm-workers."+me.Name, `{"name":"`+me.Name+`","puzzles":1}`); !strings.Contains(said, `"seq"`) {
		t.Errorf("its sign of life: %s", said)
	}
	if said := ask(mine, batch.Reply, "+WPI"); said != "" {
		t.Errorf("its sign that it thinks: %s", said)
	}
	if said := ask(mine, batch.Reply, "+ACK"); said != "" {
		t.Errorf("its acknowledgement: %s", said)
	}
	s, err := q.Status(t.Context())
	if err != nil || s.Waiting != 2 || s.UnderWay != 0 || s.Done != 1 || len(s.Workers) != 1 || s.Workers[0].Name != me.Name {
		t.Errorf("%+v, %v", s, err)
	}
}

// subscriptions expects that a browser may have none of them.
func subscriptions(t *testing.T, page string, subjects ...string) {
	t.Helper()
	u, conn := browser(t, page)
	var mu sync.Mutex
	var refused []string
	conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		mu.Lock()
		defer mu.Unlock()
		if parts := strings.Split(err.Error(), `"`); len(parts) == 3 {
			refused = append(refused, parts[1])
		}
	})
	for _, subject := range append(subjects, u.Inbox+".own") {
		if _, err := conn.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	slices.Sort(refused)
	slices.Sort(subjects)
	if !slices.Equal(refused, subjects) {
		t.Errorf("refused %q, want %q", refused, subjects)
	}
}

// Over WebSocket nobody gets in without a user of the page, and nobody with one by
// another way.
func TestStrangers(t *testing.T) {
	at, page := start(t)
	ws := strings.Replace(page, "http", "ws", 1)
	u, _ := browser(t, page)
	for i, try := range []struct {
		at      string
		options []nats.Option
	}{
		{ws, nil},
		{ws, []nats.Option{nats.UserInfo(u.User, "guessed")}},
		{ws, []nats.Option{nats.UserInfo(local, "")}},
		{ws, []nats.Option{nats.UserInfo(operator, "")}},
		{at, []nats.Option{nats.UserInfo(u.User, u.Password)}},
	} {
		if c, err := nats.Connect(try.at, append(try.options, nats.ProxyPath("/queue"))...); err == nil {
			c.Close()
			t.Errorf("%d: a stranger gets in at %s", i, try.at)
		}
	}
}

// Pages of other sites get nothing, whatever name they give this machine.
func TestForeignPages(t *testing.T) {
	_, page := start(t)
	for _, header := range []map[string]string{{"Origin": "https://example.com"}, {"Origin": "null"}, {"Host": "example.com"}, {"Host": "example.com", "Origin": "http://example.com"}} {
		for _, path := range []string{"POST /connect.json", "GET /queue", "GET /"} {
			method, path, _ := strings.Cut(path, " ")
			r, _ := http.NewRequestWithContext(t.Context(), method, page+path, nil)
			for k, v := range header {
				if r.Header.Set(k, v); k == "Host" {
					r.Host = v
				}
			}
			a, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			a.Body.Close()
			if a.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %v: status %d", path, header, a.StatusCode)
			}
		}
	}
}

// All that the page needs is there.
func TestFiles(t *testing.T) {
	_, page := start(t)
	paths := []string{"/", "/lib/index.js", "/lib/worker.js", "/dist/hrm-js.wasm", "/dist/wasm_exec.js", "/model.hrm"}
	_ = fs.WalkDir(npm.QueuePage(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path != "index.html" {
			paths = append(paths, "/"+path)
		}
		return err
	})
	if len(paths) < 9 {
		t.Errorf("the page has %d files", len(paths))
	}
	for _, path := range paths {
		r, err := http.Get(page + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: status %d", path, r.StatusCode)
		}
	}
}
