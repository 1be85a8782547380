package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/hrmgo/hrm/wasm/abi"
)

// instance is one guest with its memory. One goroutine uses it at a time.
type instance struct {
	module       api.Module
	buffer, call api.Function
	stderr       head
	version      int  // of the messages
	info         Info // of the model
	failed       bool // closed: after a trap the state of a guest is unknown
}

// start makes an instance and opens the model in it.
func (h *Host) start(ctx context.Context) (*instance, error) {
	in := &instance{}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithStderr(&in.stderr)
	module, err := h.runtime.InstantiateModule(withMemory(ctx), h.compiled, config)
	if err != nil {
		return nil, in.fault(ctx, fmt.Errorf("%w: %w", ErrModule, err))
	}
	in.module = module
	if err := in.bind(ctx); err != nil {
		_ = module.Close(ctx)
		return nil, err
	}
	reply, err := in.do(ctx, &abi.Request{Op: abi.OpOpen, Model: h.options.Model, Task: h.options.Task})
	if err == nil && reply.Info == nil {
		err = fmt.Errorf("%w: no description of the model", ErrGuest)
	}
	if err != nil {
		_ = module.Close(ctx)
		return nil, fmt.Errorf("opening the model: %w", err)
	}
	in.info = *reply.Info
	return in, nil
}

// bind finds the exports and checks that they are those of package abi.
func (in *instance) bind(ctx context.Context) error {
	version := in.module.ExportedFunction(abi.ExportVersion)
	in.buffer, in.call = in.module.ExportedFunction(abi.ExportBuffer), in.module.ExportedFunction(abi.ExportCall)
	if !has(version, nil, api.ValueTypeI32) ||
		!has(in.buffer, []api.ValueType{api.ValueTypeI32}, api.ValueTypeI32) ||
		!has(in.call, []api.ValueType{api.ValueTypeI32}, api.ValueTypeI64) || in.module.Memory() == nil {
		return fmt.Errorf("%w: it does not export the functions of package abi", ErrModule)
	}
	got, err := version.Call(ctx)
	if err != nil {
		return in.fault(ctx, err)
	}
	if v := int32(got[0]); v != abi.Version {
		return fmt.Errorf("%w: it speaks version %d of the messages, want %d", ErrModule, v, abi.Version)
	}
	in.version = abi.Version
	if newest := in.module.ExportedFunction(abi.ExportNewest); has(newest, nil, api.ValueTypeI32) {
		if got, err = newest.Call(ctx); err != nil {
			return in.fault(ctx, err)
		}
		in.version = min(max(int(int32(got[0])), abi.Version), abi.Newest)
	}
	return nil
}

func has(f api.Function, params []api.ValueType, result api.ValueType) bool {
	if f == nil {
		return false
	}
	d := f.Definition()
	return string(d.ParamTypes()) == string(params) && string(d.ResultTypes()) == string([]api.ValueType{result})
}

// do sends a request and returns the reply. An *abi.Error in the reply is
// returned as the error; after any other error the instance has failed.
func (in *instance) do(ctx context.Context, r *abi.Request) (*abi.Reply, error) {
	if in.version < r.Needs() {
		return nil, fmt.Errorf("%w: it speaks version %d of the messages, rows and columns of puzzles and anyway need %d", ErrModule, in.version, r.Needs())
	}
	if in.version > abi.Version {
		r.Version = in.version
	}
	data, err := in.exchange(ctx, r.Encode())
	var reply *abi.Reply
	if err == nil {
		if reply, err = abi.DecodeReply(data); err != nil {
			err = in.fault(ctx, fmt.Errorf("its reply: %w", err))
		}
	}
	if err == nil && reply.Error != nil {
		return nil, reply.Error
	}
	return reply, err
}

// exchange calls the guest. The bytes returned are its memory, valid until the
// next call.
func (in *instance) exchange(ctx context.Context, message []byte) ([]byte, error) {
	if len(message) > abi.MaxRequest {
		return nil, fmt.Errorf("a request of %d bytes, want at most %d", len(message), abi.MaxRequest)
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	size := uint64(len(message))
	at, err := in.buffer.Call(ctx, size)
	if err != nil {
		return nil, in.fault(ctx, err)
	}
	if !in.module.Memory().Write(uint32(at[0]), message) {
		return nil, in.fault(ctx, fmt.Errorf("no room for a request of %d bytes at %d", size, uint32(at[0])))
	}
	packed, err := in.call.Call(ctx, size)
	if err != nil {
		return nil, in.fault(ctx, err)
	}
	at0, n := uint32(packed[0]>>32), uint32(packed[0])
	data, ok := in.module.Memory().Read(at0, n)
	if !ok || n > abi.MaxReply {
		return nil, in.fault(ctx, fmt.Errorf("a reply of %d bytes at %d of %d", n, at0, in.module.Memory().Size()))
	}
	return data, nil
}

// fault ends the instance and says what happened to it.
func (in *instance) fault(ctx context.Context, err error) error {
	in.failed = true
	if in.module != nil {
		_ = in.module.Close(context.WithoutCancel(ctx))
	}
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		switch exit.ExitCode() {
		case sys.ExitCodeContextCanceled, sys.ExitCodeDeadlineExceeded:
			if ctx.Err() != nil {
				return fmt.Errorf("stopped: %w", context.Cause(ctx))
			}
		}
	}
	said := in.stderr.String()
	if strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory") {
		return fmt.Errorf("%w: %w: %s", ErrGuest, ErrMemory, firstLine(said))
	}
	if said != "" {
		return fmt.Errorf("%w: %w: %s", ErrGuest, err, firstLine(said))
	}
	return fmt.Errorf("%w: %w", ErrGuest, err)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// head keeps the first bytes that a guest writes to standard error: a Go
// program that panics says why before it prints its stacks.
type head struct{ kept []byte }

const maxStderr = 4096

func (h *head) Write(b []byte) (int, error) {
	h.kept = append(h.kept, b[:min(len(b), maxStderr-len(h.kept))]...)
	return len(b), nil
}

func (h *head) String() string { return string(h.kept) }
