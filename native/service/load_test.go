package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hrmgo/hrm/native/embedded"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// long is whether to measure at length.
var long = os.Getenv("HRM_LONG") != ""

// An answer depends on the puzzle and the seed alone: not on what else is asked, how
// many at once, or in which lane.
func TestAnswersAreTheirOwn(t *testing.T) {
	s, _, err := solver.Parse(embedded.Model, "sudoku", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	web := newServer(t, s.With(solver.Options{Attempts: 12}), Options{})
	hard := "......3.8.7.3.8....1......7..5.6..4..3....9..1....4......7.......9..16.56..83..2."
	body := `{"puzzles":["` + hard + `"],"seed":7,"max_segments":1}`
	ask := func(body string) string {
		w := request(web, "POST", "/v1/solve", body)
		var got struct{ Results []result }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Results[0].Solution == nil {
			t.Fatalf("status %d, %s: %v", w.Code, w.Body, err)
		}
		r := got.Results[0]
		r.ElapsedMS = 0
		text, _ := json.Marshal(r)
		return string(text)
	}
	want := ask(body)
	if strings.Contains(want, `"attempts":1,`) {
		t.Errorf("no guess was made: %s", want)
	}
	if other := ask(strings.Replace(body, `"seed":7`, `"seed":8`, 1)); other == want {
		t.Log("two seeds gave one answer")
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if i%2 == 0 {
				request(web, "POST", "/v1/solve", fmt.Sprintf(`{"puzzles":["%s","%s"],"seed":%d,"max_segments":%d}`, easy, hard, i, 1+i%3))
			} else if got := ask(body); got != want {
				t.Errorf("%s\nalone %s", got, want)
			}
		})
	}
	wg.Wait()
}

// At 5 times what can be answered every request that is let in has its answer in time,
// the others know at once, and nothing piles up.
func TestOverload(t *testing.T) {
	const lanes, segment, within = 2, 10 * time.Millisecond, 2 * time.Second // 200 puzzles a second
	s := slowServer(t, segment, lanes, Options{MaxQueue: 100, MaxClient: 100, MaxPuzzles: 8, Timeout: within})
	last := 2 * time.Second
	if long {
		last = 20 * time.Second
	}
	var accepted, rejected atomic.Int64
	var mu sync.Mutex
	var refusals, answers []time.Duration
	late := 0    // let in, and answered in time with less than everything
	puzzles := 0 // of those that were let in
	memory := func() uint64 {
		goruntime.GC()
		var m goruntime.MemStats
		goruntime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run := func(last time.Duration) {
		var wg sync.WaitGroup
		sizes := rand.New(rand.NewPCG(7, 7))
		for end := time.Now().Add(last); time.Now().Before(end); time.Sleep(4 * time.Millisecond) { // 3.75 puzzles each: nearly 1000 a second
			n := 1 << sizes.IntN(4)
			wg.Go(func() {
				began := time.Now()
				w := request(s, "POST", "/v1/solve", `{"check":false,"puzzles":["`+easy+`"`+strings.Repeat(`,"`+easy+`"`, n-1)+`]}`)
				took := time.Since(began)
				mu.Lock()
				defer mu.Unlock()
				switch w.Code {
				case 200:
					accepted.Add(1)
					puzzles += n
					if answers = append(answers, took); strings.Contains(w.Body.String(), "out of time") {
						late++
					}
				case 429:
					rejected.Add(1)
					refusals = append(refusals, took)
				default:
					t.Errorf("status %d", w.Code)
				}
			})
		}
		wg.Wait()
	}
	run(last / 4) // so that everything has been made once
	before := memory()
	answers, refusals = slices.Grow(answers[:0], 1<<16), slices.Grow(refusals[:0], 1<<16)
	puzzles = 0
	began := time.Now()
	run(last)
	rate := float64(puzzles) / time.Since(began).Seconds()
	waitIdle(t, s)
	if after := memory(); after > before+before/20+(2<<20) { // the two slices are a megabyte
		t.Errorf("%d bytes after %d", after, before)
	}
	slices.Sort(answers)
	slices.Sort(refusals)
	if accepted.Load() == 0 || rejected.Load() == 0 || answers[len(answers)-1] > within+within/10 {
		t.Fatalf("%d accepted, the last after %v, %d rejected", accepted.Load(), answers[len(answers)-1], rejected.Load())
	}
	// What puzzles will take is guessed from those before: when others stop the machine
	// for a while, some are let in that it cannot answer.
	if late > len(answers)/100 {
		t.Errorf("%d of %d requests that were let in are out of time", late, len(answers))
	}
	p99 := refusals[len(refusals)*99/100]
	t.Logf("%.0f puzzles a second, %d requests answered (%d with puzzles out of time), p50 %v, max %v; %d refused, p50 %v, p99 %v, max %v", rate, len(answers), late, answers[len(answers)/2], answers[len(answers)-1],
		len(refusals), refusals[len(refusals)/2], p99, refusals[len(refusals)-1])
	if p99 > 50*time.Millisecond {
		t.Errorf("refused after %v", p99)
	}
}

// Connections that say nothing, or say it slowly, harm nobody.
func TestIdleAndSlowConnections(t *testing.T) {
	idle, slowly := 200, 50
	if long {
		idle, slowly = 1000, 200
	}
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := slowServer(t, time.Millisecond, 2, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l, nil, 0) }()
	var open []net.Conn
	for i := range idle + slowly {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if open = append(open, c); i < slowly {
			go func() {
				for _, b := range []byte("POST /v1/solve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{\"puzzles\":[") {
					if _, err := c.Write([]byte{b}); err != nil {
						return
					}
					time.Sleep(5 * time.Millisecond)
				}
			}()
		}
	}
	began := time.Now()
	for range 100 {
		r, err := http.Post("http://"+l.Addr().String()+"/v1/solve", mediaJSON, strings.NewReader(`{"check":false,"puzzles":["`+easy+`"]}`))
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("%v, %v", r, err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	t.Logf("100 requests beside %d idle and %d slow connections: %v", idle, slowly, time.Since(began))
	for _, c := range open {
		c.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Requests that were made of good ones by changing bytes are answered, or refused with
// the one error. HRM_LONG=1 tries 100,000.
func TestHostileRequests(t *testing.T) {
	n := 3000
	if long {
		n = 100000
	}
	on := solver.New(&echo{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 2}}, puzzle.Sudoku{}, 0)
	defer on.Close()
	s := newServer(t, on.With(solver.Options{Attempts: 1}), Options{MaxBody: 4000, MaxPuzzles: 4})
	seeds := []struct{ path, body string }{
		{"/solve", `{"puzzles": ["` + easy + `", [[1,2],[3,4]]]}`},
		{"/v1/solve", `{"model":"sudoku","puzzles":["` + easy + `"],"seed":1,"restarts":0,"check":true,"max_segments":2,"timeout_ms":1000}`},
		{"/v2/models/sudoku/infer", `{"id":"1","parameters":{"seed":1},"inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["` + easy + `"]}],"outputs":[{"name":"answer"}]}`},
	}
	pieces := []string{"{", "}", "[", "]", `"`, "null", "-1", "1e999", "\xff", `"puzzles":`, ",", `\u0000`, strings.Repeat("[", 300), strings.Repeat("9", 30), "\x00"}
	r := rand.New(rand.NewPCG(1, 2))
	statuses := map[int]int{}
	for range n {
		seed := seeds[r.IntN(len(seeds))]
		body := []byte(seed.body)
		for range 1 + r.IntN(4) {
			at := r.IntN(len(body) + 1)
			switch r.IntN(4) {
			case 0:
				body = slices.Insert(body, at, []byte(pieces[r.IntN(len(pieces))])...)
			case 1:
				body = slices.Delete(body, at, min(len(body), at+r.IntN(20)))
			case 2:
				body = append(body, body[at:]...)
			default:
				if at < len(body) {
					body[at] = byte(r.IntN(256))
				}
			}
		}
		hr := httptest.NewRequest("POST", seed.path, bytes.NewReader(body))
		hr.Header.Set("Content-Type", mediaJSON)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, hr)
		statuses[w.Code]++
		if w.Code != 200 {
			checkError(t, w)
		} else if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: %s", body, w.Body)
		}
	}
	if statuses[400] == 0 || statuses[200] == 0 {
		t.Errorf("%v", statuses)
	}
	t.Logf("%v", statuses)
}

// Everything at once, for the race detector: clients of all kinds, of which some leave,
// while models are replaced.
func TestStress(t *testing.T) {
	fresh := func() Model {
		b := &slow{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 4}, segment: 200 * time.Microsecond}
		s := solver.New(b, puzzle.Sudoku{}, 3)
		return Model{"sudoku", s.With(solver.Options{Anyway: true, Attempts: 30}), s.Close}
	}
	s, err := New([]Model{fresh()}, Options{MaxQueue: 200, MaxClient: 200, MaxPuzzles: 8, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	end := time.Now().Add(2 * time.Second)
	var wg sync.WaitGroup
	var asked atomic.Int64
	for client := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(client), 3))
			for time.Now().Before(end) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+r.IntN(300))*time.Millisecond)
				body := `{"puzzles":["` + hard + `","` + easy + `"]}`
				path := []string{"/solve", "/v1/solve", "/v1/solve", "/metrics", "/readyz", "/v1/models"}[r.IntN(6)]
				method := "POST"
				if !strings.HasSuffix(path, "solve") {
					method = "GET"
				}
				q, _ := http.NewRequestWithContext(ctx, method, web.URL+path, strings.NewReader(body))
				q.Header.Set("Content-Type", mediaJSON)
				q.Header.Set("Accept", []string{mediaJSON, mediaLines, mediaSSE}[r.IntN(3)])
				if a, err := http.DefaultClient.Do(q); err == nil {
					_, _ = io.Copy(io.Discard, a.Body)
					a.Body.Close()
					if a.StatusCode >= 500 {
						t.Errorf("%s: status %d", path, a.StatusCode)
					}
				}
				cancel()
				asked.Add(1)
			}
		})
	}
	for time.Now().Before(end) {
		time.Sleep(150 * time.Millisecond)
		s.Replace([]Model{fresh()})
	}
	wg.Wait()
	web.Close()
	waitIdle(t, s)
	t.Logf("%d requests", asked.Load())
}

// 64 clients get as many answers a second as one batch does. HRM_LONG=1 measures it
// with the embedded model, also one after the other.
func TestThroughput(t *testing.T) {
	if !long {
		t.Skip("HRM_LONG=1 measures")
	}
	s, _, err := solver.Parse(embedded.Model, "sudoku", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	once := s.With(solver.Options{Attempts: 1, MaxSegments: 4, Anyway: true, NoCheck: true, TimeLimit: -1})
	server := newServer(t, once, Options{Timeout: time.Hour})
	web := httptest.NewServer(server)
	defer web.Close()
	const n = 64
	puzzles := make([]string, n)
	for i := range puzzles {
		puzzles[i] = question(i)
	}
	timed := asker(t, web.URL)
	ask := func(i int) time.Duration { return timed(puzzles[i]) }
	batch := func() float64 {
		began := time.Now()
		for range once.SolveAll(t.Context(), slices.Values(puzzles)) {
		}
		return n / time.Since(began).Seconds()
	}
	clients := func(c int) float64 {
		began := time.Now()
		var next atomic.Int64
		var wg sync.WaitGroup
		for range c {
			wg.Go(func() {
				for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
					ask(int(i))
				}
			})
		}
		wg.Wait()
		return n / time.Since(began).Seconds()
	}
	var ratios []float64
	var rate float64
	for range 5 {
		a := batch()
		b := clients(64)
		c := batch()
		ratios = append(ratios, b/((a+c)/2))
		rate = (a + c) / 2
	}
	slices.Sort(ratios)
	t.Logf("64 clients: %.3f of a batch's throughput (%.3f to %.3f), which is %.1f puzzles a second", ratios[2], ratios[0], ratios[4], rate)
	for _, c := range []int{1, 8, 256} {
		t.Logf("%d clients: %.1f puzzles a second", c, clients(c))
	}
	if ratios[2] < 0.95 {
		t.Errorf("%.3f of the throughput", ratios[2])
	}
}

// asker returns what asks a service about a puzzle and tells how long it took.
func asker(t *testing.T, url string) func(puzzle string) time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	return func(puzzle string) time.Duration {
		began := time.Now()
		r, err := client.Post(url+"/v1/solve", mediaJSON, strings.NewReader(`{"puzzles":["`+puzzle+`"]}`))
		if err != nil || r.StatusCode != 200 {
			t.Error(err, r)
			return 0
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		return time.Since(began)
	}
}
