package runtime

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// configField ties a name of the map form to a field.
type configField struct {
	name     string
	ptr      any // *Family, *Positions, *Mixing, *HaltRule, *HaltPool, *string, *bool, *int or *float64
	required bool
}

func (c *Config) fields() []configField {
	return []configField{
		{"family", &c.Family, true},
		{"vocab_size", &c.VocabSize, true},
		{"seq_len", &c.SeqLen, true},
		{"cols", &c.Cols, false},
		{"num_puzzle_identifiers", &c.NumPuzzles, false},
		{"puzzle_emb_ndim", &c.PuzzleEmbDim, false},
		{"puzzle_emb_len", &c.PuzzleEmbLen, false},
		{"hidden_size", &c.Hidden, true},
		{"num_heads", &c.Heads, true},
		{"expansion", &c.Expansion, true},
		{"intermediate_size", &c.InterSize, false},
		{"H_layers", &c.HLayers, false},
		{"L_layers", &c.LLayers, true},
		{"H_cycles", &c.HCycles, true},
		{"L_cycles", &c.LCycles, true},
		{"pos_encodings", &c.Positions, true},
		{"conv", &c.Conv, false},
		{"mixing", &c.Mixing, false},
		{"relations", &c.Relations, false},
		{"halt_max_steps", &c.HaltMaxSteps, true},
		{"halt_rule", &c.HaltRule, false},
		{"halt_pool", &c.HaltPool, false},
		{"rms_norm_eps", &c.NormEps, false},
		{"rope_theta", &c.RopeTheta, false},
	}
}

// DefaultNormEps and DefaultRopeTheta are what the references use, and what
// ParseConfig fills in where a map does not say.
const (
	DefaultNormEps   = 1e-5
	DefaultRopeTheta = 10000
)

// Map returns the configuration under the names of the reference's
// all_config.yaml, as strings, booleans, int and float64. ParseConfig is its
// inverse. FamilyRule and FirstPosition are left out, so that programs that know no
// other can read the map.
func (c *Config) Map() map[string]any {
	m := map[string]any{}
	for _, f := range c.fields() {
		switch p := f.ptr.(type) {
		case *Family:
			m[f.name] = string(*p)
		case *Positions:
			m[f.name] = string(*p)
		case *HaltRule:
			if *p != FamilyRule {
				m[f.name] = string(*p)
			}
		case *HaltPool:
			if *p != FirstPosition {
				m[f.name] = string(*p)
			}
		case *Mixing:
			m[f.name] = p.String()
		case *string:
			m[f.name] = *p
		case *bool:
			m[f.name] = *p
		case *int:
			m[f.name] = *p
		case *float64:
			m[f.name] = *p
		}
	}
	return m
}

// ParseConfig reads a configuration from its map form and validates it. An
// unknown key, a missing one and a value of the wrong type are errors that
// wrap ErrConfig. Whole numbers may be of any integer or float type. The
// reference's mlp_t, true or false, stands for the mixing of that name.
func ParseConfig(m map[string]any) (Config, error) {
	c := Config{NormEps: DefaultNormEps, RopeTheta: DefaultRopeTheta}
	known := map[string]bool{"mlp_t": true}
	for _, f := range c.fields() {
		known[f.name] = true
		v, ok := m[f.name]
		if !ok && f.required {
			return Config{}, fmt.Errorf("%w: no %s", ErrConfig, f.name)
		}
		if ok {
			if err := f.set(v); err != nil {
				return Config{}, err
			}
		}
	}
	if v, ok := m["mlp_t"]; ok {
		if err := c.setMLPT(v, m["mixing"] != nil); err != nil {
			return Config{}, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !known[name] {
			return Config{}, fmt.Errorf("%w: unknown key %q", ErrConfig, name)
		}
	}
	return c, c.Validate()
}

// setMLPT follows the reference's mlp_t.
func (c *Config) setMLPT(v any, mixed bool) error {
	over, ok := v.(bool)
	switch {
	case !ok:
		return fmt.Errorf("%w: mlp_t is %s, want true or false", ErrConfig, described(v))
	case mixed && over != (c.Mixing == PositionMixing):
		return fmt.Errorf("%w: mlp_t is %v, but mixing is %s", ErrConfig, over, c.Mixing)
	case over:
		c.Mixing = PositionMixing
	}
	return nil
}

func (f configField) set(v any) error {
	ok := false
	want := "a string"
	switch p := f.ptr.(type) {
	case *Family:
		*(*string)(p), ok = v.(string)
	case *Positions:
		*(*string)(p), ok = v.(string)
	case *HaltRule:
		*(*string)(p), ok = v.(string)
	case *HaltPool:
		*(*string)(p), ok = v.(string)
	case *Mixing:
		var text string
		if text, ok = v.(string); ok {
			return p.UnmarshalText([]byte(text))
		}
	case *string:
		*p, ok = v.(string)
	case *bool:
		want = "true or false"
		*p, ok = v.(bool)
	case *int:
		want = "a whole number"
		*p, ok = wholeNumber(v)
	case *float64:
		want = "a number"
		*p, ok = number(v)
	}
	if !ok {
		return fmt.Errorf("%w: %s is %s, want %s", ErrConfig, f.name, described(v), want)
	}
	return nil
}

// described is a value in the words of who wrote it.
func described(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the text %.100q", v)
	case map[string]any, map[any]any:
		return "a map"
	case []any:
		return "a list"
	}
	return fmt.Sprint(v)
}

func wholeNumber(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case int64:
		return int(n), n == int64(int(n))
	case uint64:
		return int(n), n <= math.MaxInt
	}
	f, ok := number(v)
	return int(f), ok && f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case float32:
		return float64(n), true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case interface{ Float64() (float64, error) }: // json.Number
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}
