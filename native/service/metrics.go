package service

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Bounds of the histograms, in seconds and in segments.
var (
	secondsBounds  = []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20, 60}
	segmentsBounds = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048}
)

// meters is what /metrics says, in the text form of Prometheus.
type meters struct {
	set *metrics.Set
	mu  sync.Mutex
	per map[string]*modelMeters
}

func newMeters(s *Server) *meters {
	m := &meters{set: metrics.NewSet(), per: map[string]*modelMeters{}}
	m.set.NewGauge("hrm_queue_puzzles", func() float64 { return float64(s.queue.length()) })
	m.set.NewGauge("hrm_queue_limit", func() float64 { return float64(s.queue.most) })
	m.set.NewGauge("hrm_requests_under_way", func() float64 { return float64(s.active.Load()) })
	m.set.NewGauge("hrm_draining", func() float64 {
		if s.draining.Load() {
			return 1
		}
		return 0
	})
	return m
}

func (m *meters) rejected(code string) {
	m.set.GetOrCreateCounter(fmt.Sprintf("hrm_rejected_total{code=%q}", code)).Inc()
}

func (m *meters) request(pattern string, status int, took time.Duration) {
	m.set.GetOrCreateCounter(fmt.Sprintf("hrm_requests_total{path=%q,status=\"%d\"}", pattern, status)).Inc()
	m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("hrm_request_seconds{path=%q,outcome=%q}", pattern, outcomeOf(status)), secondsBounds).Update(took.Seconds())
}

func outcomeOf(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "rejected"
	case status == statusClientLeft:
		return "left"
	case status >= 500:
		return "failed"
	case status >= 400:
		return "refused"
	}
	return "answered"
}

// modelMeters are those of one model.
type modelMeters struct {
	set  *metrics.Set
	name string
}

func (m *meters) of(name string) *modelMeters {
	m.mu.Lock()
	defer m.mu.Unlock()
	per, ok := m.per[name]
	if !ok {
		per = &modelMeters{set: m.set, name: name}
		m.per[name] = per
	}
	return per
}

// puzzle counts one that has an answer, or none.
func (m *modelMeters) puzzle(outcome string, o *outcome, took time.Duration) {
	m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("hrm_puzzle_seconds{model=%q,outcome=%q}", m.name, outcome), secondsBounds).Update(took.Seconds())
	if o.answer.TotalSegments == 0 {
		return
	}
	m.set.GetOrCreatePrometheusHistogramExt(fmt.Sprintf("hrm_puzzle_segments{model=%q}", m.name), segmentsBounds).Update(float64(o.answer.TotalSegments))
	m.set.GetOrCreateCounter(fmt.Sprintf("hrm_segments_total{model=%q}", m.name)).Add(o.answer.TotalSegments)
	m.set.GetOrCreateCounter(fmt.Sprintf("hrm_restarts_total{model=%q}", m.name)).Add(max(0, o.answer.Attempts-1))
}

func (s *Server) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.models.each(func(m *model) {
		busy, lanes := m.solver.Lanes()
		fmt.Fprintf(w, "hrm_lanes_in_use{model=%q} %d\nhrm_lanes{model=%q} %d\n", m.name, busy, m.name, lanes)
	})
	s.metrics.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
