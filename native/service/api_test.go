package service

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/solver"
)

// Every way to be refused has its status and its code.
func TestRefusals(t *testing.T) {
	s := slowServer(t, 0, 1, Options{MaxBody: 1000, MaxPuzzles: 3, Hosts: []string{"example.com"}, Origins: []string{"https://friend.example"}})
	one := `{"puzzles":["` + easy + `"],"check":false}`
	deep := `{"puzzles":[` + strings.Repeat("[", 480) + strings.Repeat("]", 480) + `]}`
	for _, c := range []struct {
		method, path, body string
		status             int
		code               string
		header             []string
	}{
		{"POST", "/v1/solve", one, 200, "", nil},
		{"POST", "/v1/solve", deep, 200, "", nil}, // a puzzle that is none, which is no fault of the request
		{"POST", "/v1/solve", `{"puzzles":["1"],"puzzles":["2"]}`, 400, codeBadJSON, nil},
		{"POST", "/v1/solve", `{"puzzles":[{"question":"1","question":"2"}]}`, 400, codeBadJSON, nil},
		{"POST", "/v1/solve", one + "x", 400, codeBadJSON, nil},
		{"POST", "/v1/solve", "{\"puzzles\":[\"\xff\"]}", 400, codeBadJSON, nil},
		{"POST", "/v1/solve", `{"puzzles":["\ud800"]}`, 400, codeBadJSON, nil},
		{"POST", "/v1/solve", `{"puzzles":`, 400, codeBadJSON, nil},
		{"POST", "/v1/solve", ``, 400, codeBadJSON, nil},
		{"POST", "/v1/solve", `{"Puzzles":["1"]}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":"1"}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `["1"]`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `null`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1","2","3","4"]}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"seed":-1}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"seed":1.5}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"check":1}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"max_segments":5}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"max_segments":0}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"restarts":1048576}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"timeout_ms":0}`, 400, codeBadRequest, nil},
		{"POST", "/v1/solve", `{"puzzles":["1"],"model":"other"}`, 404, codeNoModel, nil},
		{"POST", "/v1/solve", `{"puzzles":["` + strings.Repeat("1", 1000) + `"]}`, 413, codeTooLarge, nil},
		{"POST", "/v1/solve", one, 415, codeMediaType, []string{"Content-Type", "text/plain"}},
		{"POST", "/v1/solve", one, 415, codeMediaType, []string{"Content-Type", mediaForm}},
		{"POST", "/v1/solve", one, 415, codeMediaType, []string{"Content-Encoding", "gzip"}},
		{"POST", "/v1/solve", one, 421, codeHost, []string{"Host", "rebound.example:80"}},
		{"POST", "/v1/solve", one, 200, "", []string{"Host", "EXAMPLE.com:8080"}},
		{"POST", "/v1/solve", one, 403, codeOrigin, []string{"Origin", "https://evil.example"}},
		{"POST", "/v1/solve", one, 403, codeOrigin, []string{"Origin", "null"}},
		{"POST", "/v1/solve", one, 403, codeOrigin, []string{"Sec-Fetch-Site", "cross-site"}},
		{"POST", "/v1/solve", one, 200, "", []string{"Origin", "https://friend.example", "Sec-Fetch-Site", "cross-site"}},
		{"POST", "/solve", `{"puzzles":["1"],"seed":1}`, 400, codeBadRequest, nil},
		{"GET", "/solve", "", 405, codeMethod, nil},
		{"DELETE", "/v1/models", "", 405, codeMethod, nil},
		{"GET", "/nowhere", "", 404, codeNotFound, nil},
		{"GET", "/v2/models/other", "", 404, codeNoModel, nil},
		{"POST", "/v2/models/other/infer", `{"inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["1"]}]}`, 404, codeNoModel, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[{"name":"puzzle","shape":[2],"datatype":"BYTES","data":["1"]}]}`, 400, codeBadRequest, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[{"name":"puzzle","shape":[9223372036854775807,2],"datatype":"BYTES","data":["1"]}]}`, 400, codeBadRequest, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[{"name":"puzzle","shape":[1],"datatype":"INT32","data":[1]}]}`, 400, codeBadRequest, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[]}`, 400, codeBadRequest, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["1"]}],"outputs":[{"name":"no"}]}`, 400, codeBadRequest, nil},
		{"POST", "/v2/models/sudoku/infer", `{"inputs":[{"name":"puzzle","shape":[1],"datatype":"BYTES","data":["1"]}],"parameters":{"seed":"x"}}`, 400, codeBadRequest, nil},
	} {
		w := request(s, c.method, c.path, c.body, c.header...)
		var got map[string]any
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if w.Code != c.status || err != nil || c.code != "" && (got["code"] != c.code || got["error"] == "" || got["request_id"] != w.Header().Get(requestID)) {
			t.Errorf("%s %s %.60q %v: status %d, %s, want %d %s", c.method, c.path, c.body, c.header, w.Code, w.Body, c.status, c.code)
		}
	}
	w := request(s, "OPTIONS", "/v1/solve", "", "Origin", "https://friend.example")
	if h := w.Header(); w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "https://friend.example" || h.Get("Vary") == "" {
		t.Errorf("preflight: %d, %v", w.Code, h)
	}
	if w := request(s, "OPTIONS", "/v1/solve", "", "Origin", "https://evil.example"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("preflight of a stranger: %d, %v", w.Code, w.Header())
	}
	if w := request(s, "GET", "/readyz", "", "Host", "10.0.0.1:8080"); w.Code != http.StatusOK {
		t.Errorf("a probe: %d", w.Code)
	}
}

// Who has a token may ask, and tokens come and go with their file.
func TestTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, second := "alice "+rand.Text()+"\n", "bob "+rand.Text()+"\n"
	write("# who may ask\n\n" + first)
	tokens, err := TokensOf(path)
	if err != nil {
		t.Fatal(err)
	}
	s := slowServer(t, 0, 1, Options{Tokens: tokens})
	ask := func(line string) int {
		return request(s, "GET", "/v1/models", "", "Authorization", "Bearer "+strings.TrimSpace(line[strings.Index(line, " ")+1:])).Code
	}
	if a, b, none := ask(first), ask(second), request(s, "GET", "/metrics", ""); a != 200 || b != 401 || none.Code != 401 || none.Header().Get("WWW-Authenticate") == "" {
		t.Errorf("alice %d, bob %d, nobody %d", a, b, none.Code)
	}
	if w := request(s, "GET", "/livez", ""); w.Code != http.StatusOK {
		t.Errorf("a probe: %d", w.Code)
	}
	write(second + second)
	for deadline := time.Now().Add(5 * time.Second); ask(second) != 200 && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	if a, b := ask(first), ask(second); a != 401 || b != 200 {
		t.Errorf("after the change: alice %d, bob %d", a, b)
	}
	for _, bad := range []string{"", "alice\n", "alice short\n", "a b c\n"} {
		write(bad)
		if _, err := TokensOf(path); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A request out of time has what is solved; others do not wait for its hopeless puzzles.
func TestOutOfTime(t *testing.T) {
	s := slowServer(t, time.Millisecond, 2, Options{Timeout: 20 * time.Second})
	body := `{"puzzles":["` + strings.Repeat(hard+`","`, 8) + easy + `"],"check":false,"timeout_ms":1500}`
	began := time.Now()
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- request(s, "POST", "/v1/solve", body) }()
	time.Sleep(100 * time.Millisecond)
	for range 5 {
		asked := time.Now()
		w := request(s, "POST", "/v1/solve", `{"puzzles":["`+easy+`"],"check":false}`)
		if took := time.Since(asked); w.Code != 200 || strings.Contains(w.Body.String(), "out of time") || took > 300*time.Millisecond {
			t.Errorf("%v, %s", took, w.Body)
		}
	}
	w := <-done
	var got struct{ Results []result }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Results) != 9 {
		t.Fatalf("status %d, %v", w.Code, err)
	}
	for i, r := range got.Results {
		if want := i < 8; want != (r.Code == codeOutOfTime && r.Error == "out of time" && r.Solution == nil) || r.Index != i || r.Question == "" {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if took := time.Since(began); took > 1700*time.Millisecond {
		t.Errorf("took %v of 1.5s", took)
	}
	waitIdle(t, s)
}

// What does not fit the queue is refused at once with when to come again: of all, of one
// client, and what would take too long.
func TestBoundedQueue(t *testing.T) {
	s := slowServer(t, time.Millisecond, 2, Options{MaxQueue: 10, MaxClient: 6, MaxPuzzles: 6, Timeout: 500 * time.Millisecond})
	web := httptest.NewServer(s)
	defer web.Close()
	puzzles := func(n int) string {
		return `{"puzzles":["` + strings.Repeat(hard+`","`, n-1) + hard + `"]}`
	}
	var wg sync.WaitGroup
	for _, client := range []string{"10.0.0.1:1", "10.0.0.2:1"} {
		wg.Go(func() {
			r := httptest.NewRequest("POST", "/solve", strings.NewReader(puzzles(4)))
			r.RemoteAddr = client
			w := httptest.NewRecorder()
			if s.ServeHTTP(w, r); w.Code != 200 {
				t.Errorf("%s: %s", client, w.Body)
			}
		})
	}
	for s.queue.length() < 8 {
		time.Sleep(time.Millisecond)
	}
	ask := func(client string, n int) (code string) {
		r := httptest.NewRequest("POST", "/solve", strings.NewReader(puzzles(n)))
		r.RemoteAddr = client
		w := httptest.NewRecorder()
		began := time.Now()
		s.ServeHTTP(w, r)
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 429 || w.Header().Get("Retry-After") == "" || time.Since(began) > 50*time.Millisecond {
			t.Errorf("%v: status %d, %s, %v", time.Since(began), w.Code, w.Body, w.Header())
		}
		code, _ = got["code"].(string)
		return code
	}
	if code := ask("10.0.0.3:1", 3); code != codeQueueFull {
		t.Error(code)
	}
	if code := ask("10.0.0.1:9", 3); code != codeQueueFull {
		t.Error(code)
	}
	s.queue.most = 100
	if code := ask("10.0.0.1:9", 3); code != codeClientFull {
		t.Error(code)
	}
	wg.Wait()
	waitIdle(t, s)
	text := request(s, "GET", "/metrics", "").Body.String()
	if !strings.Contains(text, `hrm_rejected_total{code="queue_full"} 2`) {
		t.Error(text)
	}
	if _, err := New(nil, Options{MaxPuzzles: 5, MaxClient: 4}); err == nil {
		t.Error("a client may have fewer puzzles than a request")
	}
}

// A client that leaves frees its lanes after the segment.
func TestClientLeaves(t *testing.T) {
	s := slowServer(t, 20*time.Millisecond, 2, Options{})
	web := httptest.NewServer(s)
	defer web.Close()
	for _, accept := range []string{mediaJSON, mediaLines} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, "POST", web.URL+"/v1/solve", strings.NewReader(`{"puzzles":["`+strings.Repeat(hard+`","`, 20)+hard+`"]}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", mediaJSON)
		r.Header.Set("Accept", accept)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if a, err := http.DefaultClient.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, a.Body)
				a.Body.Close()
			}
		}()
		for s.queue.length() < 21 {
			time.Sleep(time.Millisecond)
		}
		cancel()
		left := time.Now()
		<-ended
		waitIdle(t, s)
		if took := time.Since(left); took > 500*time.Millisecond {
			t.Errorf("%s: lanes are free after %v", accept, took)
		}
	}
}

// Events come as they happen: looks of every puzzle before its result, and an end.
func TestStream(t *testing.T) {
	web, _ := startServer(t, solver.Options{Anyway: true, Attempts: 2}, Options{})
	body := `{"puzzles":["` + easy + `","bad"],"restarts":1}`
	for _, accept := range []string{mediaLines, "text/html, " + mediaSSE + ";q=0.9"} {
		r, _ := http.NewRequestWithContext(t.Context(), "POST", web.URL+"/v1/solve", strings.NewReader(body))
		r.Header.Set("Content-Type", mediaJSON)
		r.Header.Set("Accept", accept)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if kind := a.Header.Get("Content-Type"); !strings.Contains(accept, kind) {
			t.Errorf("%s for %s", kind, accept)
		}
		counts := map[string]int{}
		last := ""
		lines := bufio.NewScanner(a.Body)
		for lines.Scan() {
			text := strings.TrimPrefix(lines.Text(), "data: ")
			if text == "" || strings.HasPrefix(text, "event: ") {
				continue
			}
			var event struct {
				Type, Answer, Code string
				Index, Segment     int
				TotalSegments      int `json:"total_segments"`
				Results            int
			}
			if err := json.Unmarshal([]byte(text), &event); err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			last = event.Type
			counts[event.Type]++
			switch {
			case event.Type == "look" && (len(event.Answer) != 81 || event.Segment < 1 || event.Index != 0):
				t.Errorf("%q", text)
			case event.Type == "result" && event.Index == 0 && event.TotalSegments != counts["look"]:
				t.Errorf("%d looks before %q", counts["look"], text)
			case event.Type == "result" && event.Index == 1 && event.Code != codeMalformed:
				t.Errorf("%q", text)
			case event.Type == "end" && event.Results != 2:
				t.Errorf("%q", text)
			}
		}
		a.Body.Close()
		if counts["look"] < 2 || counts["result"] != 2 || counts["end"] != 1 || last != "end" {
			t.Errorf("%v, last %s", counts, last)
		}
	}
}

// A stream out of time ends with a result for each puzzle.
func TestStreamOutOfTime(t *testing.T) {
	s := slowServer(t, time.Millisecond, 2, Options{})
	w := request(s, "POST", "/v1/solve", `{"puzzles":["`+hard+`","`+hard+`","`+easy+`"],"check":false,"timeout_ms":500}`, "Accept", mediaLines)
	text := w.Body.String()
	if strings.Count(text, `"code":"out_of_time"`) != 2 || strings.Count(text, `"type":"result"`) != 3 || !strings.Contains(text, `"type":"end"`) {
		t.Errorf("%d bytes: %.300s ... %s", len(text), text, text[max(0, len(text)-300):])
	}
	waitIdle(t, s)
}

// The Open Inference Protocol.
func TestInfer(t *testing.T) {
	web, _ := startServer(t, solver.Options{Attempts: 1}, Options{Version: "1.2.3"})
	get := func(path string) string {
		r, err := http.Get(web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", strings.TrimSpace(string(text)))
	}
	for path, want := range map[string]string{
		"/v2":                                `200 {"extensions":[],"name":"hrm","version":"1.2.3"}`,
		"/v2/health/live":                    `200 {"live":true}`,
		"/v2/health/ready":                   `200 {"ready":true}`,
		"/v2/models/sudoku":                  `"inputs":[{"name":"puzzle","datatype":"BYTES","shape":[-1]}]`,
		"/v2/models/sudoku/ready":            `200 {"name":"sudoku","ready":true}`,
		"/v2/":                               `200 {"extensions":[],"name":"hrm","version":"1.2.3"}`,
		"/v2/models/sudoku/versions/1":       `"versions":["1"]`,
		"/v2/models/sudoku/versions/1/ready": `200 {"name":"sudoku","ready":true}`,
		"/v2/models/sudoku/versions/2/ready": `404 {"code":"unknown_model"`,
	} {
		if got := get(path); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	body := `{"id":"7","parameters":{"seed":3,"binary_data_output":true},"inputs":[{"name":"puzzle","shape":[2,1],"datatype":"BYTES","data":[["` + easy + `"],["bad"]]}],"outputs":[{"name":"answer"},{"name":"code"}]}`
	r, err := http.Post(web.URL+"/v2/models/sudoku/versions/1/infer", mediaJSON, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var got struct {
		ID      string
		Outputs []struct {
			Name  string
			Shape []int
			Data  []string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.ID != "7" || len(got.Outputs) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if a, c := got.Outputs[0], got.Outputs[1]; a.Name != "answer" || len(a.Data[0]) != 81 || a.Data[1] != "" || !slices.Equal(a.Shape, []int{2}) || !slices.Equal(c.Data, []string{"", codeMalformed}) {
		t.Errorf("%+v", got)
	}
}

// Models are replaced while requests are under way, of which none is lost; those before
// are closed when they have been answered.
func TestReplace(t *testing.T) {
	make := func() (Model, chan struct{}) {
		b := &slow{config: runtime.Config{Family: runtime.TRM, VocabSize: 11, SeqLen: 81, HaltMaxSteps: 4}, segment: time.Millisecond}
		s := solver.New(b, puzzle.Sudoku{}, 2)
		closed := make(chan struct{})
		return Model{"sudoku", s.With(solver.Options{Anyway: true, NoCheck: true, Attempts: 4}), func() error { close(closed); return s.Close() }}, closed
	}
	m, closed := make()
	s, err := New([]Model{m}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := time.Now().Add(400 * time.Millisecond)
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(stop) {
				w := request(s, "POST", "/v1/solve", `{"puzzles":["`+hard+`","`+easy+`"]}`)
				if w.Code != 200 || strings.Contains(w.Body.String(), `"error"`) {
					t.Errorf("status %d, %s", w.Code, w.Body)
				}
			}
		})
	}
	for range 5 {
		time.Sleep(50 * time.Millisecond)
		m, next := make()
		s.Replace([]Model{m})
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Fatal("the model before is not closed")
		}
		closed = next
	}
	wg.Wait()
	s.Replace(nil)
	<-closed
	if w := request(s, "GET", "/readyz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("ready without a model: %d", w.Code)
	}
}

// The document names exactly the handlers, and every code of an error.
func TestDocument(t *testing.T) {
	s := slowServer(t, 0, 1, Options{})
	var doc struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	if err := yaml.Unmarshal(request(s, "GET", "/openapi.yaml", "").Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var documented, served []string
	for path, methods := range doc.Paths {
		for method := range methods {
			if method != "parameters" {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for pattern := range s.routes() {
		served = append(served, strings.TrimSuffix(pattern, "{$}"))
	}
	slices.Sort(documented)
	slices.Sort(served)
	if !slices.Equal(documented, served) {
		t.Errorf("documented %v, served %v", documented, served)
	}
	source, err := os.ReadFile("errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := append(doc.Components.Schemas["Error"].Properties["code"].Enum, doc.Components.Schemas["Result"].Properties["code"].Enum...)
	for _, m := range regexp.MustCompile(`(?m)^\tcode\w+ += "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(codes, m[1]) {
			t.Errorf("the document does not know the code %s", m[1])
		}
	}
}

func metersOf(t *testing.T, address string) string {
	t.Helper()
	m, err := http.Get(address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Body.Close()
	text, _ := io.ReadAll(m.Body)
	return string(text)
}

// What operators look at: every kind of meter, and a line for a request with its id.
func TestMetricsAndLog(t *testing.T) {
	var mu sync.Mutex
	var log strings.Builder
	web, _ := startServer(t, solver.Options{Anyway: true, Attempts: 2}, Options{Log: slog.New(slog.NewJSONHandler(locked{&mu, &log}, nil))})
	r, _ := http.NewRequestWithContext(t.Context(), "POST", web.URL+"/v1/solve", strings.NewReader(`{"puzzles":["`+easy+`","bad"]}`))
	r.Header.Set("Content-Type", mediaJSON)
	r.Header.Set(requestID, "mine-1")
	a, err := http.DefaultClient.Do(r)
	if err != nil || a.Header.Get(requestID) != "mine-1" {
		t.Fatalf("%v, %v", err, a.Header)
	}
	a.Body.Close()
	wanted := []string{
		"hrm_queue_puzzles 0", `hrm_lanes_in_use{model="sudoku"} 0`, `hrm_lanes{model="sudoku"} 3`, `hrm_requests_total{path="POST /v1/solve",status="200"} 1`,
		`hrm_request_seconds_count{path="POST /v1/solve",outcome="answered"} 1`, `hrm_puzzle_seconds_bucket{model="sudoku",outcome="malformed",le="+Inf"} 1`,
		`hrm_puzzle_segments_count{model="sudoku"} 1`, `hrm_restarts_total{model="sudoku"} 1`, "process_resident_memory_bytes",
	}
	text := ""
	missing := func(want string) bool { return !strings.Contains(text, want) }
	for end := time.Now().Add(10 * time.Second); slices.ContainsFunc(wanted, missing) && time.Now().Before(end); {
		text = metersOf(t, web.URL) // an answer leaves before its place and its lane are free
		time.Sleep(time.Millisecond)
	}
	for _, want := range wanted {
		if missing(want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{`"id":"mine-1"`, `"client":"127.0.0.1"`, `"status":200`, `"model":"sudoku"`, `"puzzles":2`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, log.String())
		}
	}
}

type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// A socket of the file system is opened again after a process that left it behind.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hrm.sock")
	old, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	old.(*net.UnixListener).SetUnlinkOnClose(false)
	old.Close()
	l, err := Listen("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen("unix:" + path); err == nil {
		t.Error("a socket in use is taken over")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	s := slowServer(t, 0, 1, Options{Hosts: []string{"localhost"}})
	go func() { ended <- s.Serve(ctx, l, nil, 0) }()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	r, err := client.Get("http://anything/v1/models")
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%v, %v", r, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is still there")
	}
}
