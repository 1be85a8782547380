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
// string, storage and tensorRef.
type (
	global string // module and name
	tuple  []any
	list   struct{ items []any }
	dict   struct {
		keys   []string
		values []any
		index  map[string]bool
	}
	mark struct{}
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

const (
	orderedDict      global = "collections.OrderedDict"
	rebuildTensor    global = "torch._utils._rebuild_tensor_v2"
	rebuildParameter global = "torch._utils._rebuild_parameter"
)

// storages are the classes of storages and what they hold.
var storages = map[global]dtype{
	"torch.FloatStorage":    float32Type,
	"torch.HalfStorage":     float16Type,
	"torch.BFloat16Storage": bfloat16Type,
	"torch.DoubleStorage":   {"float64", 8},
	"torch.LongStorage":     {"int64", 8},
	"torch.IntStorage":      {"int32", 4},
	"torch.ShortStorage":    {"int16", 2},
	"torch.CharStorage":     {"int8", 1},
	"torch.ByteStorage":     {"uint8", 1},
	"torch.BoolStorage":     {"bool", 1},
}

// unpickler is the interpreter. It makes values, and calls nothing.
type unpickler struct {
	data  []byte
	pos   int // of the opcode, for errors
	next  int // after what has been read
	stack []any
	memo  map[uint32]any
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
	case 'c', 0x93: // GLOBAL, STACK_GLOBAL
		return u.global(op)
	case 'Q': // BINPERSID
		return u.persistent()
	case 'R': // REDUCE
		return u.reduce()
	case 'b': // BUILD
		return u.build()
	}
	if done, err := u.literal(op); done || err != nil {
		return err
	}
	if done, err := u.container(op); done || err != nil {
		return err
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

// literal runs an opcode that pushes a value of its own.
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
		return true, u.long()
	case 'G': // BINFLOAT
		return true, u.float()
	case 0x8c: // SHORT_BINUNICODE
		return true, u.str(1)
	case 'X': // BINUNICODE
		return true, u.str(4)
	case 0x8d: // BINUNICODE8
		return true, u.str(8)
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

func (u *unpickler) long() error {
	size, err := u.uint(1)
	if err != nil {
		return err
	}
	if size > 8 {
		return u.errorf("integer of %d bytes, want at most 8", size)
	}
	return u.pushInt(size, uint(8*size))
}

func (u *unpickler) float() error {
	b, err := u.bytes(8)
	if err != nil {
		return err
	}
	return u.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
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
	return u.push(string(b))
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
	return u.push(v)
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
