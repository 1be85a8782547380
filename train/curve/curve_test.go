package curve

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func testRecords(n int) []Record {
	var records []Record
	for i := range n {
		x := float64(i) / float64(n)
		r := Record{Kind: Train, Step: int64(10 * (i + 1)), Seconds: float64(i), Loss: 2.4*math.Exp(-3*x) + 0.1*math.Sin(float64(i)), Accuracy: x, Puzzles: 3}
		records = append(records, r)
		if i%10 == 9 {
			records = append(records, Record{Kind: Eval, Step: r.Step, Seconds: r.Seconds, Accuracy: math.Sqrt(x), ExactAccuracy: x * x, Puzzles: 512})
		}
	}
	return records
}

func TestLogRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	log, err := OpenLog(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := testRecords(30)
	for _, r := range want {
		if err := log.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%v\nwant\n%v", err, got, want)
	}
}

// A run that was killed after its last checkpoint left later records and half
// a line; the resumed run writes them again.
func TestOpenLogDropsWhatTheCheckpointHasNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	text := `{"kind":"train","step":10,"seconds":1,"loss":2}
{"kind":"train","step":20,"seconds":2,"loss":1}
{"kind":"train","step":30,"seconds":3,"lo`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := OpenLog(path, 15)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Add(Record{Kind: Train, Step: 20, Loss: 1.5}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil || len(got) != 2 || got[0].Step != 10 || got[1].Loss != 1.5 {
		t.Errorf("%v %v", got, err)
	}
}

func TestAddRefusesNaN(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	log, err := OpenLog(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := log.Add(Record{Kind: Train, Loss: math.NaN()}); !errors.Is(err, ErrRecord) {
		t.Errorf("NaN: %v", err)
	}
	if got, err := ReadFile(path); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{
		"{}\n", "{\"kind\":\"test\"}\n", "x\n", "{\"kind\":\"train\",\"lost\":1}\n", strings.Repeat(" ", maxLine+1) + "\n",
	} {
		if _, err := Read(strings.NewReader(text)); !errors.Is(err, ErrRecord) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestDraw(t *testing.T) {
	records := testRecords(200)
	runs := []Run{{"a", records}, {"b", records[:100]}}
	var image bytes.Buffer
	if err := Draw(&image, "png", "two runs", Steps, runs); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(image.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if r, g, b, _ := picture.At(x, y).RGBA(); r>>8 == 0x00 && g>>8 == 0x72 && b>>8 == 0xb2 {
				drawn++
			}
		}
	}
	if drawn < 500 {
		t.Errorf("%d pixels in the first run's colour", drawn)
	}
	if dir := os.Getenv("HRM_PICTURES"); dir != "" {
		os.WriteFile(filepath.Join(dir, "curve.png"), image.Bytes(), 0o644)
	}
	image.Reset()
	if err := Draw(&image, "svg", "two runs", Minutes, runs); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "two runs", "minutes", "b puzzles solved", "prefers-color-scheme: dark"} {
		if !strings.Contains(image.String(), want) {
			t.Errorf("svg has no %q", want)
		}
	}
}

// A run that was never evaluated shows the puzzles that it trained on.
func TestDrawWithoutEvaluations(t *testing.T) {
	records := slices.DeleteFunc(testRecords(50), func(r Record) bool { return r.Kind == Eval })
	var image bytes.Buffer
	if err := Draw(&image, "svg", "", Steps, []Run{{"a", records}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"training puzzles, %", "a puzzles solved"} {
		if !strings.Contains(image.String(), want) {
			t.Errorf("svg has no %q", want)
		}
	}
}

// Several validation files have a line each, with their losses, and are told apart in
// the legend; the picture stays well-formed.
func TestDrawSeveralSets(t *testing.T) {
	var records []Record
	for step := range int64(5) {
		records = append(records, Record{Kind: Train, Step: step, Loss: 2})
		for _, set := range []string{"easy", "hard & <fast>"} {
			records = append(records, Record{Kind: Eval, Step: step, Set: set, Loss: 1.5, Accuracy: 0.5, Puzzles: 9})
		}
	}
	var image bytes.Buffer
	if err := Draw(&image, "svg", "", Steps, []Run{{"a", records}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a training", "a easy validation", "a easy puzzles solved", "a hard &amp; &lt;fast&gt; cells right"} {
		if !strings.Contains(image.String(), want) {
			t.Errorf("svg has no %q", want)
		}
	}
	if err := xml.Unmarshal(image.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
}

// Runs without evaluations, or with nothing at all, still give a picture.
func TestDrawEmpty(t *testing.T) {
	for _, runs := range [][]Run{nil, {{"a", nil}}, {{"a", testRecords(5)}}, {{"a", testRecords(1)}}} {
		var image bytes.Buffer
		if err := Draw(&image, "png", "", Steps, runs); err != nil {
			t.Errorf("%d runs: %v", len(runs), err)
		}
	}
	if err := Draw(&bytes.Buffer{}, "gif", "", Steps, nil); err == nil {
		t.Error("gif: no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("{\"kind\":\"train\",\"step\":10,\"loss\":2}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := Read(bytes.NewReader(data))
		if err != nil && !errors.Is(err, ErrRecord) {
			t.Errorf("error without ErrRecord: %v", err)
		}
		if len(records) > len(data)/15 { // a record has at least {"kind":"eval"}, 15 bytes, and its end
			t.Errorf("%d records in %d bytes", len(records), len(data))
		}
	})
}
