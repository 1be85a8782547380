// Package curve keeps the record of a training run, one JSON object a line,
// and draws it as a learning curve.
package curve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hrmgo/hrm/runtime/weights"
)

// ErrRecord is wrapped by every error about a file of records.
var ErrRecord = errors.New("invalid metrics")

// Kind tells what a record was measured on.
type Kind string

const (
	Train Kind = "train" // the steps since the record before
	Eval  Kind = "eval"  // the validation file
)

// Record is one line of metrics.jsonl. Losses are means over puzzles, of Eval of the
// segment that answered; shares
// are between 0 and 1. In training, accuracies are over the puzzles that
// halted, as in the reference.
type Record struct {
	Kind    Kind    `json:"kind"`
	Step    int64   `json:"step"`
	Seconds float64 `json:"seconds"`       // wall time of the run so far, all sittings together
	Set     string  `json:"set,omitempty"` // of Eval: which of the validation files

	Loss          float64 `json:"loss"`
	LMLoss        float64 `json:"lm_loss"`
	QHaltLoss     float64 `json:"q_halt_loss"`
	QContinueLoss float64 `json:"q_continue_loss,omitempty"`

	Accuracy      float64 `json:"accuracy"`        // cells right
	ExactAccuracy float64 `json:"exact_accuracy"`  // whole puzzles right
	QHaltAccuracy float64 `json:"q_halt_accuracy"` // halting head right about that
	Segments      float64 `json:"segments"`        // mean number until the halt
	Puzzles       int     `json:"puzzles"`         // that the shares are over

	LR               float64 `json:"lr,omitempty"`
	GradNorm         float64 `json:"grad_norm,omitempty"`
	SamplesPerSecond float64 `json:"samples_per_second,omitempty"` // lanes times steps
	TFLOPS           float64 `json:"tflops,omitempty"`             // 10^12 floating-point operations a second of the model's arithmetic
}

// FLOP returns the arithmetic of a run's training on so many lanes.
func FLOP(records []Record, lanes int) (sum float64) {
	last := int64(0)
	for _, r := range records {
		if r.Kind != Train || r.SamplesPerSecond == 0 || r.Step <= last {
			continue
		}
		sum += r.TFLOPS * 1e12 / r.SamplesPerSecond * float64(lanes) * float64(r.Step-last)
		last = r.Step
	}
	return sum
}

// maxLine bounds a record; a longer line is no record.
const maxLine = 1 << 16

// Read returns the records of a file. A last line without its end, which a
// killed run leaves, is dropped.
func Read(r io.Reader) ([]Record, error) {
	var records []Record
	in := bufio.NewReaderSize(r, maxLine)
	for line := 1; ; line++ {
		text, err := in.ReadSlice('\n')
		if err == io.EOF {
			return records, nil
		}
		if err != nil {
			return records, fmt.Errorf("%w: line %d: %w", ErrRecord, line, err)
		}
		record, err := parse(text)
		if err != nil {
			return records, fmt.Errorf("%w: line %d: %w", ErrRecord, line, err)
		}
		records = append(records, record)
	}
}

func parse(text []byte) (Record, error) {
	var record Record
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&record); err != nil {
		return record, err
	}
	if record.Kind != Train && record.Kind != Eval {
		return record, fmt.Errorf("kind is %q, want train or eval", record.Kind)
	}
	return record, nil
}

// ReadFile returns the records of a file.
func ReadFile(path string) ([]Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	records, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return records, nil
}

// Log appends records to a file.
type Log struct{ file *os.File }

// OpenLog opens a file for the records after a step: those of later steps,
// which a run that was killed wrote after its last checkpoint, are dropped.
func OpenLog(path string, step int64) (*Log, error) {
	records, err := ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range records {
		if r.Step <= step {
			err = appendRecord(&b, r)
		}
	}
	if err = errors.Join(err, replace(path, b.Bytes())); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o644)
	return &Log{f}, err
}

// Add appends a record in one write. A number that is not finite is an error.
func (l *Log) Add(r Record) error {
	var b bytes.Buffer
	if err := appendRecord(&b, r); err != nil {
		return err
	}
	_, err := l.file.Write(b.Bytes())
	return err
}

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }

func appendRecord(b *bytes.Buffer, r Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%w: step %d: %w", ErrRecord, r.Step, err)
	}
	b.Write(append(text, '\n'))
	return nil
}

// replace writes a file so that a crash leaves the old one or the new one.
func replace(path string, data []byte) error {
	return weights.ReplaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
