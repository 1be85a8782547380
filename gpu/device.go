package gpu

import (
	"encoding/binary"
	"fmt"
	"unsafe"
)

const (
	slotBytes  = 256 // of one dispatch's parameters: the alignment of a dynamic offset
	slots      = 1024
	maxParams  = slotBytes / 4
	maxStorage = 8 // storage bindings of one kernel
)

// Device records work and submits it. Errors of recording are kept and
// returned by the next Flush or Read, as bufio.Writer does.
type Device struct {
	driver  Driver
	info    Info
	params  uint32 // buffer of slots
	slot    int    // next free one
	staged  []byte // parameters of the recorded dispatches
	words   []uint32
	kernels map[kernelKey]*Kernel
	groups  map[groupKey]uint32
	live    int64 // bytes of buffers
	err     error
	profile *profile    // nil: no dispatch is timed
	tuned   map[any]int // see Tune
	tuning  bool

	// Dispatches counts those recorded since the device was opened.
	Dispatches int
}

type groupKey struct {
	pipeline uint32
	n        int
	ranges   [maxStorage]Range
}

// Buffer is float32 or uint32 numbers on the device.
type Buffer struct {
	d    *Device
	id   uint32
	size uint64 // bytes
}

// View is a part of a buffer that a kernel binds, in units of 4 bytes. Off is
// a multiple of 64.
type View struct {
	Buffer *Buffer
	Off, N int
}

// Kernel is a compiled shader.
type Kernel struct {
	name   string
	label  string // in a profile
	id     uint32
	access []Access
}

// NewDevice takes over a driver. It closes it with Close.
func NewDevice(driver Driver) (*Device, error) {
	d := &Device{
		driver:  driver,
		info:    driver.Info(),
		staged:  make([]byte, slots*slotBytes),
		kernels: map[kernelKey]*Kernel{},
		groups:  map[groupKey]uint32{},
	}
	l := d.info.Limits
	if l.StorageBuffers < maxStorage || l.WorkgroupSize < 256 || l.WorkgroupStorage < 16384 {
		return nil, fmt.Errorf("%w: maxStorageBuffersPerShaderStage %d, maxComputeInvocationsPerWorkgroup %d, maxComputeWorkgroupStorageSize %d, want at least %d, 256, 16384",
			ErrLimit, l.StorageBuffers, l.WorkgroupSize, l.WorkgroupStorage, maxStorage)
	}
	var err error
	d.params, err = driver.CreateBuffer("parameters", slots*slotBytes, true)
	return d, err
}

// Info describes the device.
func (d *Device) Info() Info { return d.info }

// Name is "webgpu/" and the adapter's name.
func (d *Device) Name() string { return "webgpu/" + d.info.Name }

// Live returns the bytes of all buffers not yet released.
func (d *Device) Live() int64 { return d.live }

// Destroy loses the device, as a driver reset would. It is for tests.
func (d *Device) Destroy() { d.driver.Destroy() }

// NewBuffer makes a zeroed buffer of n numbers of 4 bytes. It refuses, with
// ErrLimit, what is larger than maxBufferSize or maxStorageBufferBindingSize.
func (d *Device) NewBuffer(label string, n int) (*Buffer, error) {
	size := max(uint64(n)*4, 4)
	l := d.info.Limits
	if size > l.BufferSize {
		return nil, fmt.Errorf("%w: buffer %q needs %d bytes, maxBufferSize is %d", ErrLimit, label, size, l.BufferSize)
	}
	if size > l.BindingSize {
		return nil, fmt.Errorf("%w: buffer %q needs %d bytes, maxStorageBufferBindingSize is %d", ErrLimit, label, size, l.BindingSize)
	}
	id, err := d.driver.CreateBuffer(label, size, false)
	if err != nil {
		return nil, err
	}
	d.live += int64(size)
	return &Buffer{d, id, size}, nil
}

// Len returns the number of 4-byte numbers.
func (b *Buffer) Len() int { return int(b.size / 4) }

// View returns the n numbers from off on, which is a multiple of 64.
func (b *Buffer) View(off, n int) View { return View{b, off, n} }

// All returns the whole buffer.
func (b *Buffer) All() View { return View{b, 0, b.Len()} }

// Release frees the buffer and forgets the bind groups that hold it. Recorded
// work that uses it must have been submitted.
func (b *Buffer) Release() {
	if b == nil || b.d == nil {
		return
	}
	d := b.d
	for key, id := range d.groups {
		for _, r := range key.ranges[:key.n] {
			if r.Buffer == b.id {
				d.driver.ReleaseGroup(id)
				delete(d.groups, key)
				break
			}
		}
	}
	d.driver.ReleaseBuffer(b.id)
	d.live -= int64(b.size)
	b.d = nil
}

// Write copies numbers into a buffer before all work that is not submitted
// yet: flush first what must see the old ones.
func Write[T float32 | uint32 | int32](b *Buffer, off int, data []T) error {
	if off < 0 || len(data) > b.Len()-off {
		return fmt.Errorf("webgpu: write of %d numbers at %d into %d", len(data), off, b.Len())
	}
	return b.d.driver.Write(b.id, uint64(off)*4, bytesOf(data))
}

func bytesOf[T float32 | uint32 | int32](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*4)
}

// Dispatch records x * y * z workgroups of a kernel, with its parameters and
// the buffers of its bindings 1, 2, ...
func (d *Device) Dispatch(k *Kernel, x, y, z int, params []uint32, views ...View) {
	if d.err != nil || k == nil {
		return
	}
	limit := d.info.Limits.Workgroups
	if x > limit || y > limit || z > limit {
		d.err = fmt.Errorf("%w: %s: %d x %d x %d workgroups, maxComputeWorkgroupsPerDimension is %d", ErrLimit, k.name, x, y, z, limit)
		return
	}
	if d.slot == slots {
		if d.err = d.submit(Range{}); d.err != nil {
			return
		}
	}
	group, err := d.group(k, views)
	if err != nil {
		d.err = err
		return
	}
	offset := d.slot * slotBytes
	for i, p := range params {
		binary.LittleEndian.PutUint32(d.staged[offset+4*i:], p)
	}
	d.words = append(d.words, opDispatch, k.id, group, uint32(offset), uint32(x), uint32(y), uint32(z))
	d.slot++
	d.Dispatches++
	if d.profile != nil {
		d.err = d.profile.measure(d, k.label)
	}
}

// group finds or makes the bind group of a kernel with these buffers.
func (d *Device) group(k *Kernel, views []View) (uint32, error) {
	if len(views)+1 != len(k.access) {
		return 0, fmt.Errorf("webgpu: %s has %d buffers, got %d", k.name, len(k.access)-1, len(views))
	}
	key := groupKey{pipeline: k.id, n: len(views)}
	for i, v := range views {
		if v.Buffer == nil || v.Off < 0 || v.N <= 0 || v.Off%64 != 0 || v.N > v.Buffer.Len()-v.Off {
			return 0, fmt.Errorf("webgpu: %s: binding %d has no valid range: %d numbers at %d", k.name, i+1, v.N, v.Off)
		}
		key.ranges[i] = Range{v.Buffer.id, uint64(v.Off) * 4, uint64(v.N) * 4}
	}
	if id, ok := d.groups[key]; ok {
		return id, nil
	}
	ranges := append([]Range{{d.params, 0, slotBytes}}, key.ranges[:key.n]...)
	id, err := d.driver.CreateGroup(k.id, ranges)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", k.name, err)
	}
	d.groups[key] = id
	return id, nil
}

// Copy records dst = src, of the shorter length.
func (d *Device) Copy(dst, src View) {
	n := min(dst.N, src.N)
	d.words = append(d.words, opCopy, src.Buffer.id, uint32(src.Off), dst.Buffer.id, uint32(dst.Off), uint32(n))
}

// Clear records v = 0.
func (d *Device) Clear(v View) {
	d.words = append(d.words, opClear, v.Buffer.id, uint32(v.Off), uint32(v.N))
}

// Flush submits what was recorded and does not wait.
func (d *Device) Flush() error { return d.finish(Range{}) }

// Drop forgets what was recorded since the last submit.
func (d *Device) Drop() {
	d.words, d.slot, d.err = d.words[:0], 0, nil
}

// Read submits what was recorded, waits for it, and copies from b, from off
// on, into dst.
func Read[T float32 | uint32 | int32](d *Device, dst []T, b *Buffer, off int) error {
	if err := d.ask(b, off, len(dst)); err != nil || len(dst) == 0 {
		return err
	}
	return receive(d, dst)
}

// ask submits what was recorded, and behind it a copy of n numbers of b, from
// off on, which receive waits for. What is submitted between the two is not
// waited for.
func (d *Device) ask(b *Buffer, off, n int) error {
	if off < 0 || n > b.Len()-off {
		return fmt.Errorf("webgpu: read of %d numbers at %d from %d", n, off, b.Len())
	}
	return d.finish(Range{b.id, uint64(off) * 4, uint64(n) * 4})
}

// receive copies what the last ask asked for, as many numbers.
func receive[T float32 | uint32 | int32](d *Device, dst []T) error {
	return d.driver.Receive(bytesOf(dst))
}

func (d *Device) finish(read Range) error {
	err := d.err
	if err == nil {
		err = d.submit(read)
	}
	d.Drop()
	return err
}

// submit sends the parameters and then the command list.
func (d *Device) submit(read Range) error {
	if err := d.driver.Write(d.params, 0, d.staged[:d.slot*slotBytes]); err != nil {
		return err
	}
	err := d.driver.Submit(d.words, read)
	d.words, d.slot = d.words[:0], 0
	return err
}

// Close releases everything made from the device.
func (d *Device) Close() error {
	for _, id := range d.groups {
		d.driver.ReleaseGroup(id)
	}
	for _, k := range d.kernels {
		d.driver.ReleasePipeline(k.id)
	}
	d.groups, d.kernels = nil, nil
	d.driver.ReleaseBuffer(d.params)
	return d.driver.Close()
}
