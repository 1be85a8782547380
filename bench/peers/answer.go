package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/puzzle"
	"github.com/hrmgo/hrm/train/data"
)

// clues of the sudokus that are answered.
const clues = 34

// sudokus returns n ordinary puzzles, the same every time.
func sudokus(n int) (all [][]int32) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range n {
		s := data.Ordinary(clues, rng)
		all = append(all, s.Question.Tokens())
	}
	return all
}

// answers measures whole answers of the embedded model in every peer: each
// puzzle alone, until the halting head says stop.
func (b *bench) answers(ctx context.Context, peers []peer, n int) ([]Row, error) {
	m, err := native.Default()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "hrm-peers-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	if err := writeModels(ctx, folder, m); err != nil {
		return nil, err
	}
	fmt.Fprintf(b.errOut, "peers: start of a process to its first answer\n")
	starts, err := b.starts(ctx, peers, folder, m)
	if err != nil {
		return nil, err
	}
	all, err := loadAll(ctx, peers, folder, &m.Config, b.threads)
	if err != nil {
		return nil, err
	}
	defer closeAll(all)
	fmt.Fprintf(b.errOut, "peers: %d sudokus, one at a time\n", n)
	rows, err := b.eachAnswer(all, &m.Config, sudokus(n))
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Start = 1000 * slices.Min(starts[i])
		if info, err := os.Stat(filepath.Join(folder, all[i].file)); err == nil {
			rows[i].Model = info.Size()
		}
	}
	return rows, b.solveRow(ctx, &rows, m)
}

// starts returns the seconds from the start of a process to its first answer,
// of each peer in each round.
func (b *bench) starts(ctx context.Context, peers []peer, folder string, m *runtime.Model) ([][]float64, error) {
	seconds := make([][]float64, len(peers))
	in := sudokus(1)
	for range b.rounds {
		for i := range peers {
			began := time.Now()
			r, err := peers[i].load(ctx, folder, &m.Config, b.threads)
			if err != nil {
				return nil, err
			}
			_, _, err = answer(r.Engine, &m.Config, in[0])
			seconds[i] = append(seconds[i], time.Since(began).Seconds())
			r.Close()
			if err != nil {
				return nil, peers[i].wrap(err)
			}
		}
	}
	return seconds, nil
}

// answer thinks about a puzzle until the model halts.
func answer(e *engine.Engine, c *runtime.Config, tokens []int32) (segments int, seconds float64, err error) {
	if err := e.Start([][]int32{tokens}, nil); err != nil {
		return 0, 0, err
	}
	for segments < c.HaltMaxSteps {
		s, err := e.Step(1)
		if err != nil {
			return 0, 0, err
		}
		segments++
		seconds += s.Seconds[0]
		if c.Halts(s.QHalt[0], s.QContinue[0]) {
			break
		}
	}
	return segments, seconds, nil
}

// eachAnswer has every peer answer every puzzle, turn by turn; of each puzzle
// the best of all rounds counts.
func (b *bench) eachAnswer(all []*running, c *runtime.Config, in [][]int32) ([]Row, error) {
	best := make([][]float64, len(all))
	rows := make([]Row, len(all))
	for i, r := range all {
		best[i] = slices.Repeat([]float64{math.Inf(1)}, len(in))
		if _, _, err := answer(r.Engine, c, in[0]); err != nil { // warms up
			return nil, r.wrap(err)
		}
	}
	for range b.rounds {
		for k, tokens := range in {
			var want []int32
			for i, r := range all {
				time.Sleep(pause)
				segments, seconds, err := answer(r.Engine, c, tokens)
				if err != nil {
					return nil, r.wrap(err)
				}
				rows[i].Segments += float64(segments) / float64(len(in)*b.rounds)
				best[i][k] = min(best[i][k], seconds)
				if want, err = r.sameAnswer(want, c); err != nil {
					return nil, fmt.Errorf("sudoku %d: %w", k+1, err)
				}
			}
		}
	}
	for i, r := range all {
		segments := rows[i].Segments
		rows[i] = r.row("answer", c, 1, b.threads)
		rows[i].Segments, rows[i].Program = segments, programBytes(r.Process())
		for _, seconds := range best[i] {
			rows[i].Answer += 1000 * seconds / float64(len(in))
		}
	}
	return rows, nil
}

// sameAnswer compares the answer of a float32 peer with that of the others,
// nil before the first, and returns it.
func (r *running) sameAnswer(want []int32, c *runtime.Config) ([]int32, error) {
	if r.precision != "fp32" {
		return want, nil
	}
	state, err := r.Read()
	if err != nil {
		return nil, r.wrap(err)
	}
	got := argmax(state.Logits, c.VocabSize)
	if want != nil && !slices.Equal(got, want) {
		return nil, fmt.Errorf("%s %s answers otherwise", r.engine, r.precision)
	}
	return got, nil
}

func argmax(logits []float32, vocab int) (tokens []int32) {
	for ; len(logits) > 0; logits = logits[vocab:] {
		best := 0
		for i, v := range logits[:vocab] {
			if v > logits[best] {
				best = i
			}
		}
		tokens = append(tokens, int32(best))
	}
	return tokens
}

// solveRow puts the command hrm, which users start, in the place of this
// program as an engine: its start, memory and size.
func (b *bench) solveRow(ctx context.Context, rows *[]Row, m *runtime.Model) error {
	i := slices.IndexFunc(*rows, func(r Row) bool { return r.Engine == "hrm" && r.Precision == "fp32" })
	if i < 0 {
		return nil
	}
	folder, err := os.MkdirTemp("", "hrm-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "hrm")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/hrm")
	if build.Dir, err = engine.Root(); err != nil {
		return err
	}
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./cmd/hrm: %w\n%s", err, out)
	}
	row := (*rows)[i]
	row.Engine, row.Precision, row.Version, row.Answer, row.Segments, row.Start = "hrm solve", "embedded", "", 0, 0, 0
	question := puzzle.Sudoku{}.Decode(sudokus(1)[0])
	for range b.rounds {
		ms, err := b.solve(ctx, binary, question, &row)
		if err != nil {
			return err
		}
		if row.Start == 0 || ms < row.Start {
			row.Start = ms
		}
	}
	row.Model = 0 // inside the program
	*rows = append(*rows, row)
	return nil
}

// solve runs hrm solve on one puzzle, and returns the milliseconds from its
// start to its answer.
func (b *bench) solve(ctx context.Context, binary, question string, row *Row) (ms float64, err error) {
	began := time.Now()
	cmd := exec.CommandContext(ctx, binary, "solve", "--restarts", "0", "--threads", fmt.Sprint(b.threads))
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	cmd.Stderr = b.errOut
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_, writing := fmt.Fprintln(in, question)
	_, reading := bufio.NewReader(out).ReadString('\n')
	ms = 1000 * time.Since(began).Seconds()
	row.Resident = resident(cmd.Process.Pid) // it waits for more
	if err := errors.Join(writing, reading, in.Close(), cmd.Wait()); err != nil {
		return 0, fmt.Errorf("hrm solve: %w", err)
	}
	if info, err := os.Stat(binary); err == nil {
		row.Program = info.Size()
	}
	return ms, nil
}
