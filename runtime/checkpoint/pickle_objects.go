package checkpoint

import (
	"bytes"
	"math"
	"strings"
)

// container runs an opcode that makes or fills a tuple, list, set or dict.
func (u *unpickler) container(op byte) (bool, error) {
	switch op {
	case ')': // EMPTY_TUPLE
		return true, u.push(tuple(nil))
	case 't': // TUPLE
		values, err := u.popMark()
		if err != nil {
			return true, err
		}
		return true, u.make(append(tuple(nil), values...), objectCost+slotCost*len(values))
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		return true, u.shortTuple(int(op) - 0x84)
	case ']': // EMPTY_LIST
		return true, u.make(&list{}, objectCost)
	case 0x8f: // EMPTY_SET
		return true, u.push(opaque("set"))
	case 0x91: // FROZENSET
		_, err := u.popMark()
		return true, errOr(err, func() error { return u.push(opaque("frozenset")) })
	case 'a': // APPEND
		v, err := u.pop()
		if err != nil {
			return true, err
		}
		return true, u.appendTo([]any{v})
	case 'e', 0x90: // APPENDS, ADDITEMS
		values, err := u.popMark()
		if err != nil {
			return true, err
		}
		return true, u.appendTo(values)
	case '}': // EMPTY_DICT
		return true, u.make(&dict{}, objectCost)
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
	return u.make(t, objectCost+slotCost*n)
}

// appendTo adds values to the list, set or the like on top of the stack.
func (u *unpickler) appendTo(values []any) error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	switch l := v.(type) {
	case *list:
		for _, x := range values {
			if _, ok := x.(tensorRef); ok {
				l.tensors++
			}
		}
	case opaque:
	default:
		return u.errorf("append to %s", describe(v))
	}
	return u.push(v)
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

// setItems adds pairs of key and value to the dict on top of the stack.
func (u *unpickler) setItems(pairs []any) error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	if len(pairs)%2 != 0 {
		return u.errorf("a key without a value")
	}
	d, ok := v.(*dict)
	if _, isOpaque := v.(opaque); isOpaque {
		return u.push(v)
	}
	if !ok {
		return u.errorf("set an item of %s", describe(v))
	}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			d.other++
			continue
		}
		if !d.set(key, pairs[i+1]) {
			return u.errorf("key %s is there twice", quote(key))
		}
		u.held += itemCost
	}
	return u.push(d)
}

// object runs an opcode that names, makes or fills an object.
func (u *unpickler) object(op byte) (bool, error) {
	switch op {
	case 'c', 0x93: // GLOBAL, STACK_GLOBAL
		return true, u.global(op)
	case 'Q': // BINPERSID
		return true, u.persistent()
	case 'R': // REDUCE
		return true, u.reduce()
	case 0x81, 0x92: // NEWOBJ, NEWOBJ_EX
		return true, u.newObject(op == 0x92)
	case 'b': // BUILD
		return true, u.build()
	}
	return false, nil
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
	if !name.allowed() {
		return u.refuse(name)
	}
	return u.make(name, objectCost+len(name))
}

// refuse says of a class or function that is not on the whitelist what to save
// instead.
func (u *unpickler) refuse(name global) error {
	if strings.HasPrefix(string(name), "__torch__.") {
		return u.errorf("it holds a TorchScript program: in Python save the weights alone, torch.save(model.state_dict(), path)")
	}
	if bytes.Contains(u.data, []byte("_parameters")) && bytes.Contains(u.data, []byte("_modules")) {
		return u.errorf("%s is not allowed: it holds a whole module, not its weights: in Python save those alone, torch.save(model.state_dict(), path)", quote(string(name)))
	}
	return u.errorf("%s is not allowed: nothing in a checkpoint is run, and weights need no such thing: in Python load it and save the weights alone, torch.save(model.state_dict(), path)", quote(string(name)))
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
	return u.make(storage{dtype, key, numel}, objectCost)
}

// reduce stands for the call of a whitelisted function. One that is harmless
// makes a value of which nothing is known.
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
		return u.errorf("arguments are %s", describe(v))
	}
	name, ok := f.(global)
	if !ok {
		return u.errorf("call of %s", describe(f))
	}
	return u.call(name, args)
}

func (u *unpickler) call(name global, args tuple) error {
	if name == rebuildSubclass && len(args) == 4 { // function, class, arguments, state
		f, ok1 := args[0].(global)
		inner, ok2 := args[2].(tuple)
		if ok1 && ok2 && f != rebuildSubclass {
			return u.call(f, inner)
		}
	}
	switch {
	case dictionaries[name] && len(args) == 0, name == defaultDict && len(args) <= 1:
		return u.make(&dict{}, objectCost)
	case (name == rebuildParameter || name == rebuildParameterState) && len(args) >= 3:
		if t, ok := args[0].(tensorRef); ok {
			return u.make(t, tensorCost)
		}
	case name == rebuildTensor && (len(args) == 6 || len(args) == 7), name == rebuildTensor1 && len(args) == 4:
		return u.rebuild(args, nil)
	case name == rebuildTensor3 && (len(args) == 7 || len(args) == 8):
		return u.rebuild(args, args[6])
	case name.harmless():
		return u.make(opaque(name), objectCost)
	}
	return u.errorf("%s with these %d arguments is not allowed", name, len(args))
}

// newObject stands for the making of an object of a whitelisted class.
func (u *unpickler) newObject(keywords bool) error {
	if keywords {
		if _, err := u.pop(); err != nil {
			return err
		}
	}
	if _, err := u.pop(); err != nil {
		return err
	}
	v, err := u.pop()
	if err != nil {
		return err
	}
	name, ok := v.(global)
	switch {
	case ok && (dictionaries[name] || name == defaultDict):
		return u.make(&dict{}, objectCost)
	case ok && name.harmless():
		return u.make(opaque(name), objectCost)
	}
	return u.errorf("a new object of %s is not allowed", describe(v))
}

// rebuild makes a tensor of (storage, offset, size, stride, ...). A type is
// given where the storage has none, and then counts its numbers as bytes.
func (u *unpickler) rebuild(args tuple, typ any) error {
	s, ok1 := args[0].(storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	stride, ok4 := integers(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return u.errorf("malformed tensor")
	}
	if typ != nil {
		name, _ := typ.(global)
		d, ok := torchTypes[name]
		if !ok {
			return u.errorf("tensor of %s", describe(typ))
		}
		s = storage{d, s.key, s.numel * s.dtype.size / d.size}
	}
	if len(shape) > maxRank || len(shape) != len(stride) {
		return u.errorf("tensor of %d dimensions and %d strides", len(shape), len(stride))
	}
	_, fits := count(shape, math.MaxInt64/s.dtype.size)
	n, inside := extent(shape, stride, s.numel)
	if offset < 0 || !fits || !inside || offset > s.numel-n {
		return u.errorf("tensor %v with strides %v at %d does not fit a storage of %d", shape, stride, offset, s.numel)
	}
	return u.make(tensorRef{s, offset, shape, stride}, tensorCost)
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

// build drops the state of an object: what a state dict has beside its items,
// the attributes of a tensor, all of an object that is opaque anyway.
func (u *unpickler) build() error {
	if _, err := u.pop(); err != nil {
		return err
	}
	object, err := u.pop()
	if err != nil {
		return err
	}
	switch object.(type) {
	case *dict, tensorRef, opaque:
		return u.push(object)
	}
	return u.errorf("state of %s", describe(object))
}
