//go:build js && wasm

package wgpu

import (
	"errors"
	"fmt"
	"syscall/js"
	"unsafe"

	"github.com/hrmgo/hrm/gpu"
)

// driver is wasm/npm/lib/webgpu.js behind gpu.Driver. Every method blocks its
// goroutine until JavaScript has answered, so none may be called from inside a
// JavaScript callback: start a goroutine there.
type driver struct {
	object js.Value
	info   gpu.Info
	bytes  js.Value // Uint8Array, grown to the largest transfer
}

// Open asks the browser, or node with a WebGPU package, for its most powerful
// adapter, through the function that wasm/npm/lib/webgpu.js exports. The host
// puts that function at globalThis.hrmWebGPU before.
func Open() (*gpu.Device, error) {
	open := js.Global().Get("hrmWebGPU")
	if open.Type() != js.TypeFunction {
		return nil, fmt.Errorf("%w: globalThis.hrmWebGPU is no function: import it from wasm/npm/lib/webgpu.js", gpu.ErrNoAdapter)
	}
	o, err := await(func() js.Value { return open.Invoke() })
	if err != nil {
		return nil, fmt.Errorf("%w: %w", gpu.ErrNoAdapter, err)
	}
	limit := func(i int) int { return int(min(o.Get("limits").Index(i).Float(), 1<<31-1)) }
	d := &driver{object: o, info: gpu.Info{
		Name:     o.Get("name").String(),
		Software: o.Get("software").Truthy(),
		Limits: gpu.Limits{
			BufferSize: uint64(limit(0)), BindingSize: uint64(limit(1)), StorageBuffers: limit(2),
			WorkgroupStorage: limit(3), WorkgroupSize: limit(4), Workgroups: limit(5),
		},
	}}
	dev, err := gpu.NewDevice(d)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return dev, nil
}

// try turns what f throws into an error.
func try(f func() js.Value) (v js.Value, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case js.Error:
			err = e
		default:
			panic(e)
		}
	}()
	return f(), nil
}

// await waits for the promise that f returns.
func await(f func() js.Value) (js.Value, error) {
	type answer struct {
		v   js.Value
		err error
	}
	promise, err := try(f)
	if err != nil {
		return js.Undefined(), err
	}
	done := make(chan answer, 1)
	good := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- answer{v: args[0]}; return nil })
	bad := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- answer{err: js.Error{Value: args[0]}}
		return nil
	})
	defer good.Release()
	defer bad.Release()
	promise.Call("then", good, bad)
	a := <-done
	return a.v, a.err
}

func (d *driver) Info() gpu.Info { return d.info }

// failure wraps an error, with ErrLost when the device is gone. Being lost is
// a promise of its own, which has its turn when a promise of ours has.
func (d *driver) failure(what string, err error) error {
	_, _ = await(func() js.Value { return js.Global().Get("Promise").Call("resolve") })
	if lost := d.object.Get("lost"); lost.Truthy() {
		return fmt.Errorf("%w: %s: %s", gpu.ErrLost, what, lost.String())
	}
	if err != nil {
		return fmt.Errorf("webgpu: %s: %w", what, err)
	}
	return nil
}

// make awaits a method that returns a handle. A lost device reports no error of
// its own.
func (d *driver) make(what, method string, args ...any) (uint32, error) {
	v, err := await(func() js.Value { return d.object.Call(method, args...) })
	if err = d.failure(what, err); err != nil {
		return 0, err
	}
	return uint32(v.Int()), nil
}

func (d *driver) CreateBuffer(label string, size uint64, uniform bool) (uint32, error) {
	return d.make(fmt.Sprintf("buffer %q of %d bytes", label, size), "buffer", label, float64(size), uniform)
}

func (d *driver) CreatePipeline(label, wgsl string, access []gpu.Access) (uint32, error) {
	list := make([]any, len(access))
	for i, a := range access {
		list[i] = int(a)
	}
	return d.make(fmt.Sprintf("shader %q", label), "pipeline", label, wgsl, list)
}

func (d *driver) CreateGroup(pipeline uint32, ranges []gpu.Range) (uint32, error) {
	var list []any
	for _, r := range ranges {
		list = append(list, r.Buffer, float64(r.Offset), float64(r.Size))
	}
	v, err := try(func() js.Value { return d.object.Call("group", pipeline, list) })
	if err != nil {
		return 0, d.failure("bind group", err)
	}
	return uint32(v.Int()), nil
}

func (d *driver) release(id uint32) { d.object.Call("release", id) }

func (d *driver) ReleaseBuffer(id uint32)   { d.release(id) }
func (d *driver) ReleaseGroup(id uint32)    { d.release(id) }
func (d *driver) ReleasePipeline(id uint32) { d.release(id) }

// send copies bytes into JavaScript's memory. The array is used again by the
// next call; WebGPU has copied it by then.
func (d *driver) send(data []byte) js.Value {
	if d.bytes.IsUndefined() || d.bytes.Length() < len(data) {
		d.bytes = js.Global().Get("Uint8Array").New(max(len(data), 1<<16))
	}
	js.CopyBytesToJS(d.bytes, data)
	return d.bytes.Call("subarray", 0, len(data))
}

func (d *driver) lost(what string) error {
	if lost := d.object.Get("lost"); lost.Truthy() {
		return fmt.Errorf("%w: %s: %s", gpu.ErrLost, what, lost.String())
	}
	return nil
}

func (d *driver) Write(buffer uint32, offset uint64, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if err := d.lost("write"); err != nil {
		return err
	}
	if _, err := try(func() js.Value { return d.object.Call("write", buffer, float64(offset), d.send(data)) }); err != nil {
		return d.failure("write", err)
	}
	return nil
}

// sendWords is a Uint32Array of the words.
func (d *driver) sendWords(words []uint32) js.Value {
	bytes := d.send(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 4*len(words)))
	return js.Global().Get("Uint32Array").New(bytes.Get("buffer"), 0, len(words))
}

func (d *driver) Submit(words []uint32, read gpu.Range) error {
	if err := d.lost("submit"); err != nil {
		return err
	}
	_, err := try(func() js.Value {
		return d.object.Call("submit", d.sendWords(words), read.Buffer, float64(read.Offset), float64(read.Size))
	})
	if err != nil {
		return d.failure("submit", err)
	}
	return nil
}

func (d *driver) Receive(dst []byte) error {
	bytes, err := await(func() js.Value { return d.object.Call("receive", len(dst)) })
	if err = d.failure("read-back", err); err != nil {
		return err
	}
	js.CopyBytesToGo(dst, bytes)
	return nil
}

func (d *driver) Destroy() {
	d.object.Call("destroy")
	_ = d.failure("destroy", nil) // lets the loss be noticed
}

func (d *driver) Close() error {
	d.object.Call("destroy")
	return nil
}
