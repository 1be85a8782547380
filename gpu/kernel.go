package gpu

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// The shaders are one source each, specialised by text/template in the WGSL
// that wgpu 0.19 and browsers both accept: no overrides, no f16, no
// subgroups.
//
//go:embed shaders/*.wgsl
var shaderFiles embed.FS

// shaderSource collects the bindings while a template runs.
type shaderSource struct{ access []Access }

// params declares the uniform parameters at binding 0.
func (s *shaderSource) params() string {
	s.access = append(s.access, Uniform)
	return "@group(0) @binding(0) var<uniform> p: Params;"
}

// ro and rw declare the next storage binding, an array of the element type.
func (s *shaderSource) ro(name, element string) string {
	return s.storage(ReadOnly, "read", name, element)
}

func (s *shaderSource) rw(name, element string) string {
	return s.storage(ReadWrite, "read_write", name, element)
}

func (s *shaderSource) storage(a Access, mode, name, element string) string {
	s.access = append(s.access, a)
	return fmt.Sprintf("@group(0) @binding(%d) var<storage, %s> %s: array<%s>;", len(s.access)-1, mode, name, element)
}

// flat opens the main function of a kernel with one thread for each element e.
const flat = `
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) num: vec3<u32>, @builtin(local_invocation_index) t: u32) {
    let e = (wid.y * num.x + wid.x) * 256u + t;`

// reduce leaves the sum over 64 threads of their sum in part[0].
const reduce = `part[t] = sum;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half >>= 1u) {
        if (t < half) { part[t] += part[t + half]; }
        workgroupBarrier();
    }`

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func (s *shaderSource) functions() template.FuncMap {
	return template.FuncMap{
		"params": s.params, "ro": s.ro, "rw": s.rw,
		"flat":   func() string { return flat },
		"reduce": func() string { return reduce },
		"seq":    sequence,
		"list":   func(v ...any) []any { return v },
		"add":    func(a, b int) int { return a + b },
		"part":   attentionPart,
		"step":   func(o matMulOptions, s any) any { return matMulStep{o, s} },
		"number": attentionNumber,
		"mul":    func(a, b int) int { return a * b },
		"div":    func(a, b int) int { return a / b },
		"mod":    func(a, b int) int { return a % b },
		"operand": func(name, kind string) any {
			return struct{ Name, Kind string }{name, kind}
		},
	}
}

// shader expands a file of shaders/ with options.
func shader(file string, options any) (wgsl string, access []Access, err error) {
	var s shaderSource
	t, err := template.New(file).Funcs(s.functions()).ParseFS(shaderFiles, "shaders/element.wgsl", "shaders/rows.wgsl", "shaders/attention_common.wgsl", "shaders/"+file+".wgsl")
	if err != nil {
		return "", nil, err
	}
	var text strings.Builder
	err = t.ExecuteTemplate(&text, file+".wgsl", options)
	return text.String(), s.access, err
}

// kernelKey is a file of shaders/ and the options that specialise it, a
// comparable struct.
type kernelKey struct {
	file    string
	options any
}

// kernel compiles a shader once. After an error it returns nil, which Dispatch
// ignores, and the error is kept for Flush.
func (d *Device) kernel(file string, options any) *Kernel {
	if d.err != nil {
		return nil
	}
	key := kernelKey{file, options}
	if k := d.kernels[key]; k != nil {
		return k
	}
	name := fmt.Sprintf("%s%+v", file, options)
	wgsl, access, err := shader(file, options)
	if err == nil {
		var id uint32
		if id, err = d.driver.CreatePipeline(name, wgsl, access); err == nil {
			k := &Kernel{name, file, id, access}
			d.kernels[key] = k
			return k
		}
	}
	d.err = err
	return nil
}
