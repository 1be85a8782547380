package checkpoint

import (
	"bytes"
	"math"
)

// container runs an opcode that makes or fills a tuple, list or dict.
func (u *unpickler) container(op byte) (bool, error) {
	switch op {
	case ')': // EMPTY_TUPLE
		return true, u.push(tuple(nil))
	case 't': // TUPLE
		values, err := u.popMark()
		if err != nil {
			return true, err
		}
		return true, u.push(append(tuple(nil), values...))
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		return true, u.shortTuple(int(op) - 0x84)
	case ']': // EMPTY_LIST
		return true, u.push(&list{})
	case 'a': // APPEND
		v, err := u.pop()
		if err != nil {
			return true, err
		}
		return true, u.appendTo(v)
	case 'e': // APPENDS
		values, err := u.popMark()
		if err != nil {
			return true, err
		}
		return true, u.appendTo(values...)
	case '}': // EMPTY_DICT
		return true, u.push(&dict{})
	case 's': // SETITEM
		return true, u.setItem()
	case 'u': // SETITEMS
		values, err := u.popMark()
		if err != nil {
			return true, err
		}
		return true, u.setItems(values)
	}
	return false, nil
}

func (u *unpickler) shortTuple(n int) error {
	t := make(tuple, n)
	for i := n - 1; i >= 0; i-- {
		v, err := u.pop()
		if err != nil {
			return err
		}
		t[i] = v
	}
	return u.push(t)
}

func (u *unpickler) appendTo(values ...any) error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	l, ok := v.(*list)
	if !ok {
		return u.errorf("append to a %T", v)
	}
	l.items = append(l.items, values...)
	return u.push(l)
}

func (u *unpickler) setItem() error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	key, err := u.pop()
	if err != nil {
		return err
	}
	return u.setItems([]any{key, v})
}

func (u *unpickler) setItems(pairs []any) error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok {
		return u.errorf("set an item of a %T", v)
	}
	if len(pairs)%2 != 0 {
		return u.errorf("a key without a value")
	}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return u.errorf("key is a %T, want a string", pairs[i])
		}
		if !d.set(key, pairs[i+1]) {
			return u.errorf("key %s is there twice", quote(key))
		}
	}
	return u.push(d)
}

// global pushes a class or function of the whitelist.
func (u *unpickler) global(op byte) error {
	var name global
	if op == 'c' {
		module, err := u.line()
		if err != nil {
			return err
		}
		attr, err := u.line()
		if err != nil {
			return err
		}
		name = global(module + "." + attr)
	} else {
		attr, err1 := u.pop()
		module, err2 := u.pop()
		a, ok1 := attr.(string)
		m, ok2 := module.(string)
		if err1 != nil || err2 != nil || !ok1 || !ok2 {
			return u.errorf("STACK_GLOBAL without two names")
		}
		name = global(m + "." + a)
	}
	_, isStorage := storages[name]
	if !isStorage && name != orderedDict && name != rebuildTensor && name != rebuildParameter {
		return u.errorf("%s is not allowed", quote(string(name)))
	}
	return u.push(name)
}

// line returns the bytes up to the next newline.
func (u *unpickler) line() (string, error) {
	n := bytes.IndexByte(u.data[u.next:], '\n')
	if n < 0 {
		return "", u.errorf("name without an end")
	}
	b, err := u.bytes(uint64(n) + 1)
	if err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// persistent replaces the tuple ("storage", class, key, location, numel).
func (u *unpickler) persistent() error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	t, _ := v.(tuple)
	if len(t) != 5 || t[0] != "storage" {
		return u.errorf("persistent id is no storage")
	}
	class, ok1 := t[1].(global)
	key, ok2 := t[2].(string)
	numel, ok3 := t[4].(int64)
	dtype, ok4 := storages[class]
	if !ok1 || !ok2 || !ok3 || !ok4 || numel < 0 {
		return u.errorf("malformed storage")
	}
	return u.push(storage{dtype, key, numel})
}

// reduce applies one of the whitelisted functions to its arguments.
func (u *unpickler) reduce() error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	f, err := u.pop()
	if err != nil {
		return err
	}
	args, ok := v.(tuple)
	if !ok {
		return u.errorf("arguments are a %T", v)
	}
	switch {
	case f == orderedDict && len(args) == 0:
		return u.push(&dict{})
	case f == rebuildParameter && len(args) == 3:
		if t, ok := args[0].(tensorRef); ok {
			return u.push(t)
		}
	case f == rebuildTensor && (len(args) == 6 || len(args) == 7):
		return u.rebuild(args)
	}
	name, ok := f.(global)
	if !ok {
		return u.errorf("call of a %T", f)
	}
	return u.errorf("%s with these %d arguments is not allowed", name, len(args))
}

// rebuild makes a tensor of (storage, offset, size, stride, ...).
func (u *unpickler) rebuild(args tuple) error {
	s, ok1 := args[0].(storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	stride, ok4 := integers(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return u.errorf("malformed tensor")
	}
	if len(shape) > maxRank || len(shape) != len(stride) {
		return u.errorf("tensor of %d dimensions and %d strides", len(shape), len(stride))
	}
	_, fits := count(shape, math.MaxInt64/s.dtype.size)
	n, inside := extent(shape, stride, s.numel)
	if offset < 0 || !fits || !inside || offset > s.numel-n {
		return u.errorf("tensor %v with strides %v at %d does not fit a storage of %d", shape, stride, offset, s.numel)
	}
	return u.push(tensorRef{s, offset, shape, stride})
}

func integers(v any) ([]int64, bool) {
	t, ok := v.(tuple)
	if !ok || len(t) > maxRank {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, x := range t {
		if out[i], ok = x.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}

// build drops the one state that a state dict has: {"_metadata": ...}.
func (u *unpickler) build() error {
	state, err := u.pop()
	if err != nil {
		return err
	}
	object, err := u.pop()
	if err != nil {
		return err
	}
	d, ok := state.(*dict)
	if _, isDict := object.(*dict); !isDict || !ok || len(d.keys) != 1 || d.keys[0] != "_metadata" {
		return u.errorf("state other than _metadata")
	}
	return u.push(object)
}
