package checkpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// contents is what a file holds: besides one state dict there may be an
// average of it, states of optimizers, settings.
type contents struct {
	tensors []Tensor       // in the order of the file
	top     []string       // names at the top, of a pickle
	lists   []string       // keys of lists of tensors
	arrays  int            // of NumPy
	config  map[string]any // settings in it, or nil
	size    int64          // of the file or files
}

// set is one set of weights: tensors with the same words in front of the
// references' names.
type set struct {
	prefix  string         // of the keys, without wrappers
	dir     string         // of the first one's key
	tensors map[string]int // by canonical name
	weights int            // how many have the name of a weight
}

// roots are the first words of the references' names.
var roots = []string{"H_init", "L_init", "embed_tokens", "embed_pos", "lm_head", "q_head", "puzzle_emb", "H_level", "L_level"}

// wrappers are words that torch.compile and what distributes a model put
// anywhere into a name.
var wrappers = []string{"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"}

// weightName is how the names of weights end, after one of the roots. Those of
// moments, counters and buffers end otherwise.
var weightName = regexp.MustCompile(`(^[HL]_init|\.(embedding_weight|weights?|bias|relation_bias))$`)

// split returns what stands before the reference's name in a key, and the
// name; ok is false for a key without one.
func split(key string) (prefix, name string, ok bool) {
	words := slices.DeleteFunc(strings.Split(key, "."), func(w string) bool { return slices.Contains(wrappers, w) })
	for i, w := range words {
		if slices.Contains(roots, w) {
			return strings.Join(words[:i], "."), strings.Join(words[i:], "."), true
		}
	}
	return strings.Join(words, "."), "", false
}

// display is what a user calls a set: the dictionary, or the words before
// those that every checkpoint has.
func (s *set) display() string {
	name := strings.TrimSuffix("."+s.prefix, ".inner")
	name = strings.TrimSuffix(name, ".model")
	name = strings.TrimSuffix(name, ".module")
	return strings.TrimPrefix(name, ".")
}

func (s *set) String() string {
	if name := s.display(); name != "" {
		return quote(name)
	}
	if s.prefix != "" {
		return quote(s.prefix)
	}
	return "those without a prefix"
}

// hasWord reports whether a name has one of these words: of "ema_model" ema
// and model.
func hasWord(name string, words ...string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) }), func(w string) bool {
		return slices.Contains(words, w)
	})
}

// isOptimizer tells moments and gradients, which have the weights' names too.
func isOptimizer(name string) bool {
	return strings.Contains(strings.ToLower(name), "optim") || strings.Contains(name, "exp_avg") ||
		hasWord(name, "momentum", "moment", "moments", "grad", "grads", "gradients", "adam", "adamw", "sgd", "muon")
}

// isAverage tells a moving average, which the references evaluate.
func (s *set) isAverage() bool {
	return hasWord(s.display(), "ema", "emamodel", "modelema", "shadow", "avg", "average", "averaged", "swa", "polyak")
}

// sets groups the tensors whose names are the references'.
func (c *contents) sets() ([]*set, error) {
	var list []*set
	index := map[string]*set{}
	for i := range c.tensors {
		t := &c.tensors[i]
		prefix, name, ok := split(t.Key)
		if !ok {
			continue
		}
		s := index[prefix]
		if s == nil {
			s = &set{prefix: prefix, dir: t.dir, tensors: map[string]int{}}
			index[prefix], list = s, append(list, s)
		}
		if j, twice := s.tensors[name]; twice {
			return nil, fmt.Errorf("%w: %s and %s are both %s", ErrFormat, quote(c.tensors[j].Key), quote(t.Key), quote(name))
		}
		s.tensors[name] = i
		if weightName.MatchString(name) {
			s.weights++
		}
	}
	return list, nil
}

// choose returns the set of weights to take, by its name if one is wanted, and
// the set that has what an average leaves out, or nil.
func (c *contents) choose(want string) (chosen, rest *set, err error) {
	all, err := c.sets()
	if err != nil {
		return nil, nil, err
	}
	most := 0
	for _, s := range all {
		most = max(most, s.weights)
	}
	all = slices.DeleteFunc(all, func(s *set) bool { return s.weights == 0 || 2*s.weights < most })
	if want != "" {
		return byName(all, want)
	}
	all = slices.DeleteFunc(all, func(s *set) bool { return isOptimizer(s.display()) })
	var averages, plain []*set
	for _, s := range all {
		if s.isAverage() {
			averages = append(averages, s)
		} else {
			plain = append(plain, s)
		}
	}
	switch {
	case len(all) == 0:
		return nil, nil, nil
	case len(all) == 1:
		return all[0], nil, nil
	case len(averages) == 1 && len(plain) == 1:
		return averages[0], plain[0], nil
	case len(averages) == 1:
		return averages[0], nil, nil
	}
	return nil, nil, fmt.Errorf("%w: it holds several sets of weights, choose one by its name (--weights): %s", ErrFormat, names(all))
}

// byName returns the set of a name.
func byName(all []*set, want string) (chosen, rest *set, err error) {
	var plain []*set
	for _, s := range all {
		if s.display() == want || s.prefix == want || s.dir == want {
			chosen = s
		} else if !s.isAverage() && !isOptimizer(s.display()) {
			plain = append(plain, s)
		}
	}
	switch {
	case chosen == nil && len(all) == 0:
		return nil, nil, fmt.Errorf("%w: it holds no set of weights of the references' names, let alone %s", ErrFormat, quote(want))
	case chosen == nil:
		return nil, nil, fmt.Errorf("%w: it holds no weights called %s; there are %s", ErrFormat, quote(want), names(all))
	case chosen.isAverage() && len(plain) == 1:
		rest = plain[0]
	}
	return chosen, rest, nil
}

func names(all []*set) string {
	var list []string
	for _, s := range all {
		list = append(list, s.String())
	}
	return joined(list)
}

// joined lists names, but not too many.
func joined(list []string) string {
	const most = 12
	short := make([]string, 0, most+1)
	for i, name := range list {
		if i == most {
			short = append(short, fmt.Sprintf("%d more", len(list)-most))
			break
		}
		if len(name) > 100 {
			name = name[:100] + "..."
		}
		short = append(short, name)
	}
	return strings.Join(short, ", ")
}

// take keeps the tensors of one set of weights, with their canonical names, and
// notes what was left.
func (f *File) take(c *contents, want string) error {
	chosen, rest, err := c.choose(want)
	if err != nil {
		return err
	}
	if chosen == nil {
		return f.takeUnknown(c)
	}
	of := map[int]string{} // canonical names
	for name, i := range chosen.tensors {
		of[i] = name
	}
	if rest != nil {
		var filled []string
		for name, i := range rest.tensors {
			if _, has := chosen.tensors[name]; !has && weightName.MatchString(name) {
				of[i] = name
				filled = append(filled, name)
			}
		}
		slices.Sort(filled)
		if want == "" {
			f.note("two sets of weights are there, %s and %s: the average %s was taken, which the references evaluate; --weights chooses the other", chosen, rest, chosen)
		}
		if len(filled) > 0 {
			f.note("%s leaves out what training does not change, which came from %s: %s", chosen, rest, joined(filled))
		}
	}
	c.addStrangers(chosen, of)
	f.keep(c, of)
	f.noteRest(c, chosen, rest, want)
	return nil
}

// addStrangers gives a name to the tensors that lie beside the weights of a
// set: whoever checks must know of them. Those whose first word begins the
// names of another set belong to that: "online_model.scale" beside
// "ema_model.H_init".
func (c *contents) addStrangers(chosen *set, of map[int]string) {
	inside := func(t *Tensor) string { return strings.TrimPrefix(t.Key, withDot(t.dir)) }
	mine, others := map[string]bool{}, map[string]bool{}
	for i := range c.tensors {
		t := &c.tensors[i]
		prefix, _, known := split(t.Key)
		word, _, _ := strings.Cut(inside(t), ".")
		switch {
		case known && prefix == chosen.prefix:
			mine[word] = true
		case known && t.dir == chosen.dir:
			others[word] = true
		}
	}
	for i := range c.tensors {
		t := &c.tensors[i]
		prefix, _, known := split(t.Key)
		if known {
			continue
		}
		word, _, _ := strings.Cut(inside(t), ".")
		if name, ok := strings.CutPrefix(prefix, chosen.prefix+"."); ok && chosen.prefix != "" {
			of[i] = name
		} else if t.dir == chosen.dir && (mine[word] || !others[word]) {
			of[i] = canonical(inside(t))
		}
	}
}

func withDot(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "."
}

// takeUnknown keeps the tensors of a dictionary in which no name is known, so
// that what is missing and extra can be listed: the one with most tensors.
func (f *File) takeUnknown(c *contents) error {
	in := map[string]int{}
	best := ""
	for i := range c.tensors {
		in[c.tensors[i].dir]++
	}
	for _, t := range c.tensors {
		if in[t.dir] > in[best] && !isOptimizer(t.dir) {
			best = t.dir
		}
	}
	of := map[int]string{}
	for i, t := range c.tensors {
		if t.dir == best {
			of[i] = canonical(strings.TrimPrefix(t.Key, withDot(best)))
		}
	}
	switch {
	case len(of) == 0 && len(c.lists) > 0:
		return fmt.Errorf("%w: it holds tensors without names, in %s: in Python save a state dict, torch.save(model.state_dict(), path)", ErrPickle, joined(c.lists))
	case len(of) == 0 && c.arrays > 0:
		return fmt.Errorf("%w: it holds %d NumPy arrays and no tensors: in Python save tensors, torch.save({k: torch.tensor(v) for k, v in arrays.items()}, path)", ErrPickle, c.arrays)
	case len(of) == 0:
		return fmt.Errorf("%w: it holds no tensors (at its top: %s): in Python save the weights, torch.save(model.state_dict(), path)", ErrPickle, joined(c.top))
	}
	f.keep(c, of)
	return nil
}

// keep makes the file's tensors those that have a name, in their order.
func (f *File) keep(c *contents, of map[int]string) {
	for i := range c.tensors {
		if name, ok := of[i]; ok {
			t := c.tensors[i]
			t.Name = name
			f.tensors = append(f.tensors, t)
		}
	}
}

// noteRest notes where the weights come from, and what else was there.
func (f *File) noteRest(c *contents, chosen, rest *set, want string) {
	used := map[string]bool{}
	for _, s := range []*set{chosen, rest} {
		if s != nil {
			word, _, _ := strings.Cut(s.dir, ".")
			used[word] = true
		}
	}
	if name := chosen.display(); name != "" {
		f.weights = name
	}
	var ignored []string
	if !used[""] {
		for _, name := range c.top {
			if !used[name] {
				ignored = append(ignored, name)
			}
		}
	}
	switch {
	case f.weights != "" && len(ignored) > 0:
		f.note("the weights are those of %s; ignored: %s", quote(f.weights), joined(ignored))
	case f.weights != "" && (rest == nil || want != ""):
		f.note("the weights are those of %s", quote(f.weights))
	case len(ignored) > 0:
		f.note("ignored beside the weights: %s", joined(ignored))
	}
}
