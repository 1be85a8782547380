package checkpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hrmgo/hrm/internal/filekind"
)

const (
	// maxIndex is the largest index of shards that is read.
	maxIndex = 4 << 20
	// maxShards is how many files a checkpoint may have.
	maxShards = 1000
)

// getAgain is what to do about a file that ends early.
const getAgain = "the download or the copy stopped early, get the file again"

// Files returns the files of a checkpoint: the one of that path, or what a
// folder holds. The index of a sharded one comes before its shards, which need not
// be there.
func Files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	dir, names := filepath.Dir(path), []string{filepath.Base(path)}
	if info.IsDir() {
		dir = path
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %w", err)
		}
		var files, folders []string
		for _, e := range entries {
			if e.IsDir() {
				folders = append(folders, e.Name())
			} else {
				files = append(files, e.Name())
			}
		}
		if names, err = Pick(files, folders); err != nil {
			return nil, fmt.Errorf("checkpoint: %s: %w", path, err)
		}
	}
	if len(names) == 1 && strings.HasSuffix(names[0], ".json") {
		shards, err := readIndex(filepath.Join(dir, names[0]))
		if err != nil {
			return nil, fmt.Errorf("checkpoint: %s: %w", filepath.Join(dir, names[0]), err)
		}
		names = append(names, shards...)
	}
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	return names, nil
}

// endings are what a file that torch.save wrote may be called.
var endings = []string{"", ".pt", ".pth", ".ckpt", ".bin"}

// shardName is one of the files of a sharded checkpoint.
var shardName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.(safetensors|bin)$`)

// Pick chooses the files of a checkpoint among those of a folder, which has further
// folders too: one file, the index of the shards, or all shards. The error wraps
// ErrFormat or ErrTruncated and says what to name.
func Pick(names, folders []string) ([]string, error) {
	var plain, safe, torch, index, shards []string
	last, lastStep := "", -1
	for _, name := range names {
		stem, ending := name, filepath.Ext(name)
		if slices.Contains(endings[1:], ending) {
			stem = strings.TrimSuffix(name, ending)
		} else {
			ending = ""
		}
		if step := stepOf(stem); step > lastStep {
			last, lastStep = name, step
		}
		switch {
		case stem == "checkpoint":
			plain = append(plain, name)
		case strings.HasSuffix(name, ".index.json"):
			index = append(index, name)
		case shardName.MatchString(name):
			shards = append(shards, name)
		case strings.HasSuffix(name, ".safetensors"):
			safe = append(safe, name)
		case ending != "":
			torch = append(torch, name)
		}
	}
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".distcp") }) {
		return nil, fmt.Errorf("%w: the folder holds a distributed checkpoint: in Python make one file of it with torch.distributed.checkpoint.format_utils.dcp_to_torch_save", ErrFormat)
	}
	choices := append(append(append(append(slices.Clone(plain), index...), shards...), safe...), torch...)
	switch {
	case len(plain) == 1:
		return plain, nil
	case last != "":
		return []string{last}, nil
	case len(index) == 1:
		return index, nil
	case len(index) == 0 && len(safe) == 0 && len(shards) > 0:
		return allShards(shards)
	case len(safe) == 1 && len(shards) == 0:
		return safe, nil
	case len(choices) == 1:
		return choices, nil
	case len(choices) > 1:
		return nil, fmt.Errorf("%w: several checkpoints, name one: %s", ErrFormat, joined(choices))
	}
	inside := ""
	if len(folders) > 0 {
		inside = "; if it lies in a folder of it, name that: " + joined(folders)
	}
	return nil, fmt.Errorf("%w: the folder holds no checkpoint, step_N, *.safetensors, .pt, .pth, .ckpt or .bin%s", ErrFormat, inside)
}

// allShards returns the shards of a checkpoint whose index is not there, which
// must be complete.
func allShards(names []string) ([]string, error) {
	slices.Sort(names)
	first := shardName.FindStringSubmatch(names[0])
	n, _ := strconv.Atoi(first[3])
	if n > maxShards {
		return nil, fmt.Errorf("%w: %d shards, want at most %d", ErrTooLarge, n, maxShards)
	}
	for i := 1; i <= n; i++ {
		want := fmt.Sprintf("%s-%05d-of-%s.%s", first[1], i, first[3], first[4])
		if !slices.Contains(names, want) {
			return nil, fmt.Errorf("%w: %s is missing, one of %d shards: download it too", ErrTruncated, want, n)
		}
	}
	if len(names) != n {
		return nil, fmt.Errorf("%w: shards of several checkpoints, name one by its index: %s", ErrFormat, joined(names))
	}
	return names, nil
}

// stepOf returns N of step_N, or -1.
func stepOf(name string) int {
	digits, ok := strings.CutPrefix(name, "step_")
	if !ok || len(digits) == 0 || len(digits) > 9 {
		return -1
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return -1
	}
	return int(n)
}

// readIndex returns the files that the index of a sharded checkpoint names.
func readIndex(path string) ([]string, error) {
	data, err := readSmall(path, maxIndex)
	if err != nil {
		return nil, err
	}
	return parseIndex(data)
}

func parseIndex(data []byte) ([]string, error) {
	if kind := filekind.Of(data, int64(len(data))); kind.Name != filekind.JSON {
		return nil, wrongFile(kind, data)
	}
	j := jsonReader{json.NewDecoder(bytes.NewReader(data))}
	j.d.UseNumber()
	files := map[string]bool{}
	err := j.object(func(key string) error {
		if key != "weight_map" {
			var skipped json.RawMessage
			if err := j.d.Decode(&skipped); err != nil {
				return j.errorf("%v", err)
			}
			return nil
		}
		return j.object(func(string) error {
			name, err := j.str()
			if err == nil && (name != filepath.Base(name) || name == "." || name == ".." || strings.ContainsAny(name, `/\`)) {
				err = j.errorf("%s is no name of a file beside the index", quote(name))
			}
			files[name] = true
			return err
		})
	})
	switch {
	case err != nil:
		return nil, err
	case len(files) == 0:
		return nil, fmt.Errorf("%w: it is JSON without a weight_map, no index of shards", ErrFormat)
	case len(files) > maxShards:
		return nil, fmt.Errorf("%w: %d shards, want at most %d", ErrTooLarge, len(files), maxShards)
	}
	return slices.Sorted(maps.Keys(files)), nil
}

// readSmall reads a file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return data, err
}

// read opens the files of a checkpoint and lists what they hold.
func (f *File) read(paths []string) (*contents, error) {
	if len(paths) > 1 && strings.HasSuffix(paths[0], ".json") {
		paths = paths[1:]
	}
	all := &contents{}
	for _, path := range paths {
		c, err := f.readOne(path)
		if errors.Is(err, fs.ErrNotExist) && len(paths) > 1 {
			err = fmt.Errorf("%w: %s is missing, one of %d shards: download it too", ErrTruncated, filepath.Base(path), len(paths))
		} else if err != nil && len(paths) > 1 {
			err = fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		if err != nil {
			return nil, err
		}
		if len(paths) == 1 {
			return c, nil
		}
		all.tensors, all.size = append(all.tensors, c.tensors...), all.size+c.size
	}
	f.note("read from %d shards", len(paths))
	return all, nil
}

func (f *File) readOne(path string) (*contents, error) {
	disk, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f.files = append(f.files, disk)
	info, err := disk.Stat()
	if err != nil {
		return nil, err
	}
	return readTensors(disk, info.Size())
}

// readTensors lists what a file of either kind holds.
func readTensors(r io.ReaderAt, size int64) (*contents, error) {
	head := make([]byte, filekind.Head)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	kind := filekind.Of(head[:n], size)
	switch kind.Name {
	case filekind.Zip:
		return readTorch(r, size)
	case filekind.Safetensors:
		return readSafetensors(r, size)
	}
	return nil, wrongFile(kind, head[:n])
}

// wrongFile says what a file is that is no checkpoint, and how text begins: it
// may be a server's answer.
func wrongFile(kind filekind.Kind, head []byte) error {
	const want = "want what torch.save writes of a state dict, or a .safetensors file"
	switch {
	case kind.Name == filekind.Text, kind.Name == filekind.JSON:
		line, _, _ := strings.Cut(strings.TrimSpace(string(head)), "\n")
		return fmt.Errorf("%w: it is %s that begins %.62q; %s", ErrFormat, kind.Name, line, want)
	case kind.Name == "":
		return fmt.Errorf("%w: it is neither a torch zip nor a .safetensors file; %s", ErrFormat, want)
	case kind.Advice == "":
		return fmt.Errorf("%w: it is %s; %s", ErrFormat, kind.Name, want)
	}
	return fmt.Errorf("%w: it is %v", ErrFormat, kind)
}
