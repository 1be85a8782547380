package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hrmgo/hrm/bench/engine"
	"github.com/hrmgo/hrm/native"
	"github.com/hrmgo/hrm/runtime"
	"github.com/hrmgo/hrm/runtime/cpu"
	"github.com/hrmgo/hrm/runtime/weights"
)

// command is what an engine is asked, of every kind.
type command struct {
	Op string `json:"op"`
	engine.Model
	Tokens   [][]int32 `json:"tokens"`
	Puzzles  []int32   `json:"puzzles"`
	Segments int       `json:"segments"`
}

// server is this module as an engine: a process of its own, as the others are.
type server struct {
	backend *cpu.Backend
	file    io.Closer
	batch   runtime.Batch
	lanes   []int
	out     runtime.Output
}

// serve answers commands until the input ends.
func serve(ctx context.Context, in io.Reader, out io.Writer) error {
	s := &server{out: runtime.Output{WantLogits: true}}
	defer s.close()
	lines, answers := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var c command
		if err := lines.Decode(&c); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		answer, err := s.answer(ctx, &c)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
}

func (s *server) close() {
	if s.batch != nil {
		s.batch.Close()
	}
	if s.backend != nil {
		s.backend.Close()
		s.file.Close()
	}
}

func (s *server) answer(ctx context.Context, c *command) (any, error) {
	if c.Op != "load" && s.backend == nil || (c.Op == "step" || c.Op == "read") && s.batch == nil {
		return nil, fmt.Errorf("%q, but nothing is loaded or started", c.Op)
	}
	switch c.Op {
	case "load":
		return s.load(c)
	case "start":
		return map[string]any{}, s.start(c)
	case "step":
		return s.step(ctx, c.Segments)
	case "read":
		return s.read()
	}
	return nil, fmt.Errorf("no command %q", c.Op)
}

func (s *server) load(c *command) (any, error) {
	s.close()
	s.batch, s.backend = nil, nil
	m, file, err := native.Open(c.Path)
	if err != nil {
		return nil, err
	}
	b, err := cpu.New(m, cpu.Options{Threads: c.Threads})
	if err != nil {
		file.Close()
		return nil, err
	}
	s.backend, s.file = b, file
	return map[string]string{"version": b.Name()}, nil
}

func (s *server) start(c *command) error {
	if len(s.lanes) != len(c.Tokens) || s.batch == nil {
		if s.batch != nil {
			s.batch.Close()
		}
		batch, err := s.backend.NewBatch(len(c.Tokens), 0)
		if err != nil {
			return err
		}
		s.batch, s.lanes = batch, make([]int, len(c.Tokens))
	}
	for i := range c.Tokens {
		in := runtime.Input{Tokens: c.Tokens[i]}
		if c.Puzzles != nil {
			in.PuzzleID = c.Puzzles[i]
		}
		s.lanes[i] = i
		if err := s.batch.Reset(i, in); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) step(ctx context.Context, segments int) (any, error) {
	var r engine.Steps
	for range segments {
		began := time.Now()
		if err := s.batch.Step(ctx, s.lanes, &s.out); err != nil {
			return nil, err
		}
		r.Seconds = append(r.Seconds, time.Since(began).Seconds())
	}
	r.QHalt, r.QContinue = s.out.QHalt, s.out.QContinue
	return r, nil
}

func (s *server) read() (any, error) {
	n := s.backend.Config().P() * s.backend.Config().Hidden
	zH, zL := make([]float32, len(s.lanes)*n), make([]float32, len(s.lanes)*n)
	for i := range s.lanes {
		if err := s.batch.(runtime.StateReader).State(i, zH[i*n:(i+1)*n], zL[i*n:(i+1)*n]); err != nil {
			return nil, err
		}
	}
	bytes := func(v []float32) []byte { return weights.Of("", weights.F32, v).Bytes }
	return map[string][]byte{"zH": bytes(zH), "zL": bytes(zL), "logits": bytes(s.out.Logits)}, nil
}
