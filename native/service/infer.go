package service

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/hrmgo/hrm/runtime/puzzle"
)

// The Open Inference Protocol, version 2, as KServe and Triton speak it: a model takes
// one tensor of texts, and gives one tensor for each part of the answers.

// tensor describes a tensor of n puzzles.
type tensor struct {
	Name     string `json:"name"`
	Datatype string `json:"datatype"`
	Shape    []int  `json:"shape"`
}

// filled is a tensor with its values.
type filledTensor struct {
	tensor
	Data any `json:"data"`
}

var (
	inferInputs  = []tensor{{"puzzle", "BYTES", []int{-1}}}
	inferOutputs = []tensor{
		{"answer", "BYTES", []int{-1}}, {"valid", "BOOL", []int{-1}}, {"segments", "INT32", []int{-1}},
		{"attempts", "INT32", []int{-1}}, {"error", "BYTES", []int{-1}}, {"code", "BYTES", []int{-1}},
	}
)

func (s *Server) inferServer(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{"name": "hrm", "version": s.options.Version, "extensions": []string{}})
}

// modelVersion is the one that every model has.
const modelVersion = "1"

// versioned answers requests that name the version.
func (s *Server) versioned(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := r.PathValue("version"); v != modelVersion {
			s.fail(w, r, &Error{http.StatusNotFound, codeNoModel, "no model has a version " + quoted(v) + ": all have " + modelVersion + " alone", 0})
			return
		}
		h(w, r)
	}
}

func (s *Server) inferModel(w http.ResponseWriter, r *http.Request) {
	m, err := s.models.acquire(r.PathValue("name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer m.release()
	reply(w, http.StatusOK, map[string]any{
		"name": m.name, "versions": []string{modelVersion}, "platform": "hrm", "inputs": inferInputs, "outputs": inferOutputs,
	})
}

func (s *Server) inferModelReady(w http.ResponseWriter, r *http.Request) {
	m, err := s.models.acquire(r.PathValue("name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer m.release()
	if s.draining.Load() {
		s.fail(w, r, &Error{http.StatusServiceUnavailable, codeDraining, "the service ends: ask another", time.Second})
		return
	}
	reply(w, http.StatusOK, map[string]any{"name": m.name, "ready": true})
}

// inferRequest is the body of POST /v2/models/NAME/infer.
type inferRequest struct {
	ID         string                    `json:"id"`
	Parameters map[string]jsontext.Value `json:"parameters"`
	Inputs     []struct {
		Name       string         `json:"name"`
		Shape      []int          `json:"shape"`
		Datatype   string         `json:"datatype"`
		Parameters jsontext.Value `json:"parameters"`
		Data       jsontext.Value `json:"data"`
	} `json:"inputs"`
	Outputs []struct {
		Name       string         `json:"name"`
		Parameters jsontext.Value `json:"parameters"`
	} `json:"outputs"`
}

func (s *Server) infer(w http.ResponseWriter, r *http.Request) {
	var in inferRequest
	var c settings
	var puzzles []string
	err := s.body(w, r, &in, formInfer, mediaJSON, "")
	if err == nil {
		err = in.settings(&c)
	}
	if err == nil {
		puzzles, err = in.puzzles()
	}
	if err == nil {
		err = s.number(len(puzzles), formInfer)
	}
	var j *job
	if err == nil {
		j, err = s.begin(r, r.PathValue("name"), &c, len(puzzles))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer j.end()
	var list []func(puzzle.Task) (puzzle.Puzzle, error)
	for _, text := range puzzles {
		list = append(list, func(t puzzle.Task) (puzzle.Puzzle, error) { return puzzle.Parse(t, text) })
	}
	results, err := j.all(list)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer := map[string]any{"model_name": j.m.name, "model_version": modelVersion, "outputs": in.outputs(results)}
	if in.ID != "" {
		answer["id"] = in.ID
	}
	reply(w, http.StatusOK, answer)
}

// settings reads the parameters that are ours; others are for other servers.
func (in *inferRequest) settings(c *settings) error {
	ours := map[string]any{"max_segments": &c.MaxSegments, "restarts": &c.Restarts, "check": &c.Check, "seed": &c.Seed, "timeout_ms": &c.TimeoutMS}
	for name, value := range in.Parameters {
		if to, ok := ours[name]; ok {
			if err := json.Unmarshal(value, to); err != nil {
				return badRequest("parameter %s is %.40s, want a number, or for check true or false", name, value)
			}
		}
	}
	return nil
}

// puzzles returns the texts of the tensor.
func (in *inferRequest) puzzles() ([]string, error) {
	if len(in.Inputs) != 1 || in.Inputs[0].Name != "puzzle" || in.Inputs[0].Datatype != "BYTES" {
		return nil, badRequest("%d inputs: want one, %s", len(in.Inputs), formInfer)
	}
	for _, o := range in.Outputs {
		if !slices.ContainsFunc(inferOutputs, func(t tensor) bool { return t.Name == o.Name }) {
			return nil, badRequest("no output is called %s: want %s", quoted(o.Name), outputNames())
		}
	}
	t := in.Inputs[0]
	var flat []string
	if err := json.Unmarshal(t.Data, &flat); err != nil {
		var nested [][]string // [n, 1]
		if json.Unmarshal(t.Data, &nested) != nil {
			return nil, badRequest("the data of puzzle is no list of texts: want %s", formInfer)
		}
		flat = slices.Concat(nested...)
	}
	n := 1
	for _, side := range t.Shape {
		if side < 0 || side > len(flat) {
			n = -1
			break
		}
		n *= side
	}
	if len(t.Shape) < 1 || len(t.Shape) > 2 || n != len(flat) {
		return nil, badRequest("the shape %v is not that of %d texts, want [%d]", t.Shape, len(flat), len(flat))
	}
	return flat, nil
}

func outputNames() string {
	var names []string
	for _, t := range inferOutputs {
		names = append(names, t.Name)
	}
	return fmt.Sprint(strings.Join(names[:len(names)-1], ", "), " or ", names[len(names)-1])
}

// outputs returns the tensors that were asked for, all where none was named.
func (in *inferRequest) outputs(results []result) []filledTensor {
	n := len(results)
	answer, problem, code := make([]string, n), make([]string, n), make([]string, n)
	valid, segments, attempts := make([]bool, n), make([]int, n), make([]int, n)
	for i, r := range results {
		problem[i], code[i] = r.Error, r.Code
		if r.Solution == nil {
			continue
		}
		answer[i], segments[i], attempts[i] = r.Answer, r.Segments, r.Attempts
		valid[i] = r.Valid != nil && *r.Valid
		if problem[i] == "" {
			problem[i] = r.Reason
		}
	}
	var list []filledTensor
	for k, data := range []any{answer, valid, segments, attempts, problem, code} {
		t := inferOutputs[k]
		wanted := len(in.Outputs) == 0
		for _, o := range in.Outputs {
			wanted = wanted || o.Name == t.Name
		}
		if wanted {
			t.Shape = []int{n}
			list = append(list, filledTensor{t, data})
		}
	}
	return list
}
