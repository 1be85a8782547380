package checkpoint

import "strings"

const (
	orderedDict           global = "collections.OrderedDict"
	defaultDict           global = "collections.defaultdict"
	rebuildTensor         global = "torch._utils._rebuild_tensor_v2"
	rebuildTensor1        global = "torch._utils._rebuild_tensor"
	rebuildTensor3        global = "torch._utils._rebuild_tensor_v3"
	rebuildParameter      global = "torch._utils._rebuild_parameter"
	rebuildParameterState global = "torch._utils._rebuild_parameter_with_state"
	rebuildSubclass       global = "torch._tensor._rebuild_from_type_v2"
)

// dictionaries are the classes whose objects are read as dicts.
var dictionaries = map[global]bool{orderedDict: true, "builtins.dict": true, "__builtin__.dict": true}

// storages are the classes of storages and what they hold.
var storages = map[global]dtype{
	"torch.FloatStorage":           float32Type,
	"torch.HalfStorage":            float16Type,
	"torch.BFloat16Storage":        bfloat16Type,
	"torch.DoubleStorage":          float64Type,
	"torch.LongStorage":            {"int64", 8},
	"torch.IntStorage":             {"int32", 4},
	"torch.ShortStorage":           {"int16", 2},
	"torch.CharStorage":            {"int8", 1},
	"torch.ByteStorage":            {"uint8", 1},
	"torch.BoolStorage":            {"bool", 1},
	"torch.ComplexFloatStorage":    {"complex64", 8},
	"torch.ComplexDoubleStorage":   {"complex128", 16},
	"torch.QInt8Storage":           {"qint8", 1},
	"torch.QUInt8Storage":          {"quint8", 1},
	"torch.QInt32Storage":          {"qint32", 4},
	"torch.UntypedStorage":         {"uint8", 1},
	"torch.storage.UntypedStorage": {"uint8", 1},
}

// torchTypes are torch's types of numbers.
var torchTypes = map[global]dtype{
	"torch.float32": float32Type, "torch.float16": float16Type, "torch.bfloat16": bfloat16Type, "torch.float64": float64Type,
	"torch.int64": {"int64", 8}, "torch.int32": {"int32", 4}, "torch.int16": {"int16", 2}, "torch.int8": {"int8", 1},
	"torch.uint64": {"uint64", 8}, "torch.uint32": {"uint32", 4}, "torch.uint16": {"uint16", 2}, "torch.uint8": {"uint8", 1},
	"torch.bool": {"bool", 1}, "torch.complex64": {"complex64", 8}, "torch.complex128": {"complex128", 16},
	"torch.float8_e4m3fn": {"float8_e4m3fn", 1}, "torch.float8_e5m2": {"float8_e5m2", 1},
	"torch.float8_e4m3fnuz": {"float8_e4m3fnuz", 1}, "torch.float8_e5m2fnuz": {"float8_e5m2fnuz", 1},
}

// harmless are classes and functions that training scripts save beside the
// weights: settings, counters, states of optimizers and random generators. What
// they make is skipped.
var harmless = named(map[string]string{
	"builtins":               "set frozenset list tuple int float bool str bytes bytearray complex slice range object",
	"collections":            "Counter deque",
	"_codecs":                "encode",
	"copyreg":                "_reconstructor",
	"argparse":               "Namespace",
	"types":                  "SimpleNamespace",
	"typing":                 "Any Union Optional",
	"pathlib":                "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
	"pathlib._local":         "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
	"datetime":               "datetime date time timedelta timezone",
	"uuid":                   "UUID",
	"decimal":                "Decimal",
	"fractions":              "Fraction",
	"numpy":                  "dtype ndarray float64 float32 float16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool_ bool str_",
	"numpy.core.multiarray":  "scalar _reconstruct",
	"numpy._core.multiarray": "scalar _reconstruct",
	"numpy.core.numeric":     "_frombuffer",
	"numpy._core.numeric":    "_frombuffer",
	"numpy.random._pickle":   "__generator_ctor __bit_generator_ctor __randomstate_ctor",
	"numpy.random._mt19937":  "MT19937",
	"numpy.random._pcg64":    "PCG64 PCG64DXSM",
	"numpy.random._philox":   "Philox",
	"numpy.random._sfc64":    "SFC64",
	"random":                 "Random",
	"torch":                  "Size device Tensor Generator per_tensor_affine contiguous_format preserve_format channels_last strided",
	"torch.nn.parameter":     "Parameter Buffer",
	"torch.serialization":    "_get_layout",
	"torch._utils": "_rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_qtensor _rebuild_meta_tensor_no_storage " +
		"_rebuild_nested_tensor _rebuild_device_tensor_from_numpy _rebuild_wrapper_subclass",
	"torch.utils.data.sampler":               "RandomSampler SequentialSampler",
	"easydict":                               "EasyDict",
	"addict.addict":                          "Dict",
	"munch":                                  "Munch",
	"box.box":                                "Box",
	"ml_collections.config_dict.config_dict": "ConfigDict FrozenConfigDict",
	"torch.torch_version":                    "TorchVersion",
})

// named is the set of the names of each module.
func named(modules map[string]string) map[global]bool {
	set := map[global]bool{}
	for module, names := range modules {
		for _, name := range strings.Fields(names) {
			set[global(module+"."+name)] = true
		}
	}
	return set
}

// harmlessPackages hold nothing but settings, optimizers and callbacks.
var harmlessPackages = []string{
	"omegaconf.", "numpy.dtypes.", "torch.optim.", "pytorch_lightning.", "lightning.pytorch.", "lightning_fabric.", "lightning.fabric.", "adam_atan2.", "adam_atan2_pytorch.",
}

// harmless reports whether what a class or function makes can be skipped.
func (g global) harmless() bool {
	if rest, ok := strings.CutPrefix(string(g), "__builtin__."); ok { // Python 2, and protocol 2
		g = global("builtins." + rest)
	}
	if rest, ok := strings.CutPrefix(string(g), "copy_reg."); ok {
		g = global("copyreg." + rest)
	}
	_, isType := torchTypes[g]
	if harmless[g] || isType {
		return true
	}
	for _, p := range harmlessPackages {
		if strings.HasPrefix(string(g), p) {
			return true
		}
	}
	return false
}

// allowed reports whether a pickle may name a class or function at all.
func (g global) allowed() bool {
	if _, ok := storages[g]; ok || dictionaries[g] || g.harmless() {
		return true
	}
	switch g {
	case defaultDict, rebuildTensor, rebuildTensor1, rebuildTensor3, rebuildParameter, rebuildParameterState, rebuildSubclass:
		return true
	}
	return false
}
