package abi

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hrmgo/hrm/internal/strict"
)

// field is one key of a message, both ways.
type field struct {
	key   string
	zero  bool // left out of the message
	write func(*strict.Encoder)
	read  func(*strict.Cursor) error
}

// Encode returns the message.
func (r *Request) Encode() []byte { return encode(r.toWire().fields()) }

// DecodeRequest reads a request. Its Model lies in data. The error wraps
// ErrFormat or ErrTruncated.
func DecodeRequest(data []byte) (*Request, error) {
	r := &Request{}
	err := decode("request", data, r.fields())
	if err == nil {
		err = r.fromWire()
	}
	return r, err
}

// Encode returns the message.
func (r *Reply) Encode() []byte { return encode(r.fields()) }

// DecodeReply reads a reply. The error wraps ErrFormat or ErrTruncated.
func DecodeReply(data []byte) (*Reply, error) {
	r := &Reply{}
	return r, decode("reply", data, r.fields())
}

func (r *Request) fields() []field {
	return []field{
		num("version", &r.Version), str("op", &r.Op), bin("model", &r.Model), str("task", &r.Task),
		list("puzzles", &r.Puzzles, (*Puzzle).fields),
		num("max_segments", &r.MaxSegments), num("restarts", &r.restarts), num("attempts", &r.Attempts), flag("no_check", &r.NoCheck), seed("seed", &r.Seed),
		flag("anyway", &r.Anyway),
	}
}

func (p *Puzzle) fields() []field {
	return []field{str("text", &p.Text), nums("tokens", &p.Tokens), num("rows", &p.Rows), num("cols", &p.Cols), num("id", &p.ID)}
}

func (r *Reply) fields() []field {
	return []field{
		part("error", &r.Error, (*Error).fields), part("info", &r.Info, (*Info).fields),
		list("results", &r.Results, (*Result).fields),
	}
}

func (e *Error) fields() []field {
	return []field{str("kind", &e.Kind), str("message", &e.Message)}
}

func (i *Info) fields() []field {
	return []field{
		str("task", &i.Task), str("backend", &i.Backend), num("seq_len", &i.SeqLen),
		num("rows", &i.Rows), num("cols", &i.Cols), flag("any_shape", &i.AnyShape), num("vocab", &i.Vocab),
		num("max_segments", &i.MaxSegments), texts("meta", &i.Meta),
	}
}

func (r *Result) fields() []field {
	return []field{
		part("error", &r.Error, (*Error).fields), str("answer", &r.Answer), nums("tokens", &r.Tokens),
		num("rows", &r.Rows), num("cols", &r.Cols), flag("known", &r.Known), str("reason", &r.Reason), num("segments", &r.Segments), flag("halted", &r.Halted),
		float("q_halt", &r.QHalt), float("q_continue", &r.QContinue),
		num("attempts", &r.Attempts), num("total_segments", &r.TotalSegments),
		num("first_segments", &r.FirstSegments), flag("first_valid", &r.FirstValid), flag("timed_out", &r.TimedOut),
	}
}

func encode(fields []field) []byte {
	e := strict.NewEncoder()
	writeMap(e, fields)
	return e.Bytes()
}

func writeMap(e *strict.Encoder, fields []field) {
	present := slices.DeleteFunc(fields, func(f field) bool { return f.zero })
	e.Map(len(present))
	for _, f := range present {
		e.Str(f.key)
		f.write(e)
	}
}

func decode(what string, data []byte, fields []field) error {
	c := strict.NewCursor(data, ErrFormat, ErrTruncated)
	err := readMap(c, what, fields)
	if err == nil && c.Left() > 0 {
		err = fmt.Errorf("%w: %d bytes after the %s", ErrFormat, c.Left(), what)
	}
	if err != nil {
		return fmt.Errorf("abi: %w", err)
	}
	return nil
}

func readMap(c *strict.Cursor, what string, fields []field) error {
	return c.Each(what, func(key string) error {
		for _, f := range fields {
			if f.key == key {
				return f.read(c)
			}
		}
		return fmt.Errorf("%w: unknown key", ErrFormat)
	})
}

func str[T ~string](key string, v *T) field {
	return field{key, *v == "",
		func(e *strict.Encoder) { e.Str(string(*v)) },
		func(c *strict.Cursor) error {
			s, err := c.Str()
			*v = T(s)
			return err
		}}
}

func bin(key string, v *[]byte) field {
	return field{key, len(*v) == 0,
		func(e *strict.Encoder) { e.Bin(*v) },
		func(c *strict.Cursor) (err error) {
			*v, err = c.Bin()
			return err
		}}
}

func flag(key string, v *bool) field {
	return field{key, !*v,
		func(e *strict.Encoder) { e.Bool(*v) },
		func(c *strict.Cursor) (err error) {
			*v, err = c.Bool()
			return err
		}}
}

func float(key string, v *float32) field {
	return field{key, *v == 0,
		func(e *strict.Encoder) { e.Float32(*v) },
		func(c *strict.Cursor) error {
			f, err := c.Float()
			*v = float32(f)
			return err
		}}
}

// number reads an integer that fits int32.
func number(c *strict.Cursor) (int64, error) {
	n, err := c.Integer()
	if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
		err = fmt.Errorf("%w: %d does not fit 32 bits", ErrFormat, n)
	}
	return n, err
}

func num[T int | int32](key string, v *T) field {
	return field{key, *v == 0,
		func(e *strict.Encoder) { e.Int(int64(*v)) },
		func(c *strict.Cursor) error {
			n, err := number(c)
			*v = T(n)
			return err
		}}
}

// seed is 64 bits, written as a signed integer.
func seed(key string, v *uint64) field {
	return field{key, *v == 0,
		func(e *strict.Encoder) { e.Int(int64(*v)) },
		func(c *strict.Cursor) error {
			n, err := c.Integer()
			*v = uint64(n)
			return err
		}}
}

func nums(key string, v *[]int32) field {
	return field{key, len(*v) == 0,
		func(e *strict.Encoder) { writeNums(e, *v) },
		func(c *strict.Cursor) error {
			n, err := c.Array()
			for range n {
				var x int64
				if x, err = number(c); err != nil {
					break
				}
				*v = append(*v, int32(x))
			}
			return err
		}}
}

func writeNums(e *strict.Encoder, v []int32) {
	e.Array(len(v))
	for _, x := range v {
		e.Int(int64(x))
	}
}

// part is a map that may be absent.
func part[T any](key string, v **T, fields func(*T) []field) field {
	return field{key, *v == nil,
		func(e *strict.Encoder) { writeMap(e, fields(*v)) },
		func(c *strict.Cursor) error {
			*v = new(T)
			return readMap(c, key, fields(*v))
		}}
}

// list is an array of maps.
func list[T any](key string, v *[]T, fields func(*T) []field) field {
	return field{key, len(*v) == 0,
		func(e *strict.Encoder) {
			e.Array(len(*v))
			for i := range *v {
				writeMap(e, fields(&(*v)[i]))
			}
		},
		func(c *strict.Cursor) error {
			n, err := c.Array()
			if err == nil && n > MaxPuzzles {
				err = fmt.Errorf("%w: %d elements, want at most %d", ErrFormat, n, MaxPuzzles)
			}
			if err != nil {
				return err
			}
			for i := range n {
				var x T
				if err := readMap(c, fmt.Sprintf("element %d", i), fields(&x)); err != nil {
					return err
				}
				*v = append(*v, x)
			}
			return nil
		}}
}

// texts is a map from strings to strings.
func texts(key string, v *map[string]string) field {
	return field{key, len(*v) == 0,
		func(e *strict.Encoder) {
			e.Map(len(*v))
			for _, k := range slices.Sorted(maps.Keys(*v)) {
				e.Str(k)
				e.Str((*v)[k])
			}
		},
		func(c *strict.Cursor) error {
			*v = map[string]string{}
			return c.Each(key, func(k string) error {
				s, err := c.Str()
				(*v)[k] = s
				return err
			})
		}}
}
