package checkpoint

import (
	"encoding/binary"
	"fmt"
	"math"
)

// storage is what a persistent id of torch's pickles names: an entry of the
// zip with numel numbers.
type storage struct {
	dtype dtype
	key   string
	numel int64
}

// tensorRef is what torch._utils._rebuild_tensor_v2 makes: numbers of a
// storage, all counted in numbers.
type tensorRef struct {
	storage       storage
	offset        int64
	shape, stride []int64
}

// The values that a pickle can make, besides nil, bool, int64, float64,
// string, storage and tensorRef. A list keeps nothing of its items, and a dict
// only what has a name: no weight lies elsewhere.
type (
	global string // module and name
	tuple  []any
	list   struct{ tensors int }
	dict   struct {
		keys   []string
		values []any
		index  map[string]bool
		other  int // items whose key is no string
	}
	opaque string // an object of that class, or of that kind: nothing is known of it
	mark   struct{}
)

func (d *dict) set(key string, v any) bool {
	if d.index[key] {
		return false
	}
	if d.index == nil {
		d.index = map[string]bool{}
	}
	d.index[key] = true
	d.keys, d.values = append(d.keys, key), append(d.values, v)
	return true
}

// describe names a value in Python's words.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case tensorRef:
		return "a tensor"
	case storage:
		return "a storage"
	case tuple:
		return "a tuple"
	case *list:
		if v.tensors > 0 {
			return fmt.Sprintf("a list of %d tensors", v.tensors)
		}
		return "a list"
	case *dict:
		return "a dictionary"
	case global:
		return "the class or function " + quote(string(v))
	case opaque:
		return "an object of " + quote(string(v))
	}
	return "a mark"
}

// maxHeld bounds the bytes that the values of a pickle may take: the published
// ones need some kilobytes.
const maxHeld = 64 << 20

// What values cost, in bytes, with the slack of what grows.
const (
	slotCost   = 32 // of the stack, or of a tuple
	memoCost   = 96
	objectCost = 96
	itemCost   = 160
	tensorCost = 256
)

// unpickler is the interpreter. It makes values, and calls nothing.
type unpickler struct {
	data  []byte
	pos   int // of the opcode, for errors
	next  int // after what has been read
	stack []any
	memo  map[uint32]any
	held  int // bytes that values have taken, besides the stack
}

// unpickle runs a pickle of protocol 2 to 5 and returns its value.
func unpickle(data []byte) (v any, err error) {
	u := &unpickler{data: data, memo: map[uint32]any{}}
	for {
		u.pos = u.next
		op, err := u.bytes(1)
		if err != nil {
			return nil, err
		}
		if op[0] == '.' { // STOP
			return u.result()
		}
		if err := u.step(op[0]); err != nil {
			return nil, err
		}
		if held := u.held + slotCost*len(u.stack); held > maxHeld {
			return nil, fmt.Errorf("%w: the values of the first %d bytes of its pickle, of %d, take more than %d MiB", ErrTooLarge, u.next, len(data), maxHeld>>20)
		}
	}
}

func (u *unpickler) result() (any, error) {
	switch {
	case u.next != len(u.data):
		return nil, u.errorf("%d bytes after the end", len(u.data)-u.next)
	case len(u.stack) != 1:
		return nil, u.errorf("%d values at the end, want 1", len(u.stack))
	}
	return u.stack[0], nil
}

func (u *unpickler) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: byte %d: %s", ErrPickle, u.pos, fmt.Sprintf(format, args...))
}

// bytes returns the next n bytes, in place.
func (u *unpickler) bytes(n uint64) ([]byte, error) {
	if left := len(u.data) - u.next; n > uint64(left) {
		return nil, fmt.Errorf("%w: pickle wants %d bytes at %d, %d are left", ErrTruncated, n, u.next, left)
	}
	b := u.data[u.next : u.next+int(n)]
	u.next += int(n)
	return b, nil
}

// uint reads a little-endian number of size bytes.
func (u *unpickler) uint(size uint64) (uint64, error) {
	b, err := u.bytes(size)
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), err
}

func (u *unpickler) push(v any) error {
	u.stack = append(u.stack, v)
	return nil
}

// make pushes a value that takes so many bytes.
func (u *unpickler) make(v any, cost int) error {
	u.held += cost
	return u.push(v)
}

// pop returns the topmost value, which must not be a mark.
func (u *unpickler) pop() (any, error) {
	if len(u.stack) == 0 {
		return nil, u.errorf("stack is empty")
	}
	v := u.stack[len(u.stack)-1]
	if _, isMark := v.(mark); isMark {
		return nil, u.errorf("a mark where a value is needed")
	}
	u.stack = u.stack[:len(u.stack)-1]
	return v, nil
}

// popMark returns the values above the topmost mark, and removes both. The
// slice is valid until the next push.
func (u *unpickler) popMark() ([]any, error) {
	for i := len(u.stack) - 1; i >= 0; i-- {
		if _, ok := u.stack[i].(mark); ok {
			values := u.stack[i+1:]
			u.stack = u.stack[:i]
			return values, nil
		}
	}
	return nil, u.errorf("no mark on the stack")
}

// step runs one opcode.
func (u *unpickler) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		return u.proto()
	case 0x95: // FRAME: its length says nothing that is not checked anyway
		_, err := u.bytes(8)
		return err
	case '(': // MARK
		return u.push(mark{})
	case '0': // POP
		_, err := u.pop()
		return err
	case '1': // POP_MARK
		_, err := u.popMark()
		return err
	case 'q': // BINPUT
		return u.put(1)
	case 'r': // LONG_BINPUT
		return u.put(4)
	case 0x94: // MEMOIZE
		return u.remember(uint32(len(u.memo)))
	case 'h': // BINGET
		return u.get(1)
	case 'j': // LONG_BINGET
		return u.get(4)
	}
	for _, group := range []func(byte) (bool, error){u.literal, u.text, u.container, u.object} {
		if done, err := group(op); done || err != nil {
			return err
		}
	}
	return u.errorf("opcode 0x%02x is not allowed", op)
}

func (u *unpickler) proto() error {
	b, err := u.bytes(1)
	if err == nil && (b[0] < 2 || b[0] > 5) {
		err = u.errorf("protocol %d, want 2 to 5", b[0])
	}
	return err
}

// literal runs an opcode that pushes a number or a constant.
func (u *unpickler) literal(op byte) (bool, error) {
	switch op {
	case 'N': // NONE
		return true, u.push(nil)
	case 0x88: // NEWTRUE
		return true, u.push(true)
	case 0x89: // NEWFALSE
		return true, u.push(false)
	case 'K': // BININT1
		return true, u.pushInt(1, 0)
	case 'M': // BININT2
		return true, u.pushInt(2, 0)
	case 'J': // BININT
		return true, u.pushInt(4, 32)
	case 0x8a: // LONG1
		return true, u.long(1)
	case 0x8b: // LONG4
		return true, u.long(4)
	case 'G': // BINFLOAT
		return true, u.float()
	}
	return false, nil
}

// pushInt pushes a number of size bytes, sign-extended from a number of bits
// other than 0.
func (u *unpickler) pushInt(size uint64, signBits uint) error {
	n, err := u.uint(size)
	if err != nil {
		return err
	}
	if signBits > 0 {
		shift := 64 - signBits
		n = uint64(int64(n<<shift) >> shift)
	}
	return u.push(int64(n))
}

// long pushes an integer of as many bytes as a number of lengthSize says. One
// of more than eight, such as the state of a random generator, counts nothing
// here.
func (u *unpickler) long(lengthSize uint64) error {
	size, err := u.uint(lengthSize)
	if err != nil {
		return err
	}
	if size > 8 {
		_, err := u.bytes(size)
		return errOr(err, func() error { return u.push(opaque("int")) })
	}
	return u.pushInt(size, uint(8*size))
}

// errOr returns err, or what next returns without one.
func errOr(err error, next func() error) error {
	if err != nil {
		return err
	}
	return next()
}

func (u *unpickler) float() error {
	b, err := u.bytes(8)
	if err != nil {
		return err
	}
	return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
}

// text runs an opcode that pushes a string, or bytes, which no weight needs.
func (u *unpickler) text(op byte) (bool, error) {
	switch op {
	case 0x8c, 'U': // SHORT_BINUNICODE, SHORT_BINSTRING
		return true, u.str(1)
	case 'X', 'T': // BINUNICODE, BINSTRING
		return true, u.str(4)
	case 0x8d: // BINUNICODE8
		return true, u.str(8)
	case 'C': // SHORT_BINBYTES
		return true, u.blob(1)
	case 'B': // BINBYTES
		return true, u.blob(4)
	case 0x8e, 0x96: // BINBYTES8, BYTEARRAY8
		return true, u.blob(8)
	}
	return false, nil
}

func (u *unpickler) str(lengthSize uint64) error {
	n, err := u.uint(lengthSize)
	if err != nil {
		return err
	}
	b, err := u.bytes(n)
	if err != nil {
		return err
	}
	return u.make(string(b), len(b))
}

func (u *unpickler) blob(lengthSize uint64) error {
	n, err := u.uint(lengthSize)
	if err != nil {
		return err
	}
	_, err = u.bytes(n)
	return errOr(err, func() error { return u.push(opaque("bytes")) })
}

func (u *unpickler) put(size uint64) error {
	n, err := u.uint(size)
	if err != nil {
		return err
	}
	return u.remember(uint32(n))
}

func (u *unpickler) remember(n uint32) error {
	v, err := u.pop()
	if err != nil {
		return err
	}
	u.memo[n] = v
	return u.make(v, memoCost)
}

func (u *unpickler) get(size uint64) error {
	n, err := u.uint(size)
	if err != nil {
		return err
	}
	v, ok := u.memo[uint32(n)]
	if !ok {
		return u.errorf("memo %d is empty", n)
	}
	return u.push(v)
}
