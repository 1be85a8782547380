package strict

// Codes of https://github.com/msgpack/msgpack/blob/master/spec.md. Those of a
// group follow each other: a number of 1, 2, 4 and 8 bytes behind the code, or
// of 2 and 4 for arrays and maps.
const (
	fixMapCode   = 0x80 // and 15 more
	fixArrayCode = 0x90 // and 15 more
	fixStrCode   = 0xa0 // and 31 more
	falseCode    = 0xc2
	trueCode     = 0xc3
	bin8Code     = 0xc4
	bin16Code    = 0xc5
	bin32Code    = 0xc6
	float32Code  = 0xca
	float64Code  = 0xcb
	uint8Code    = 0xcc
	uint16Code   = 0xcd
	uint32Code   = 0xce
	uint64Code   = 0xcf
	int8Code     = 0xd0
	int16Code    = 0xd1
	int32Code    = 0xd2
	int64Code    = 0xd3
	str8Code     = 0xd9
	str16Code    = 0xda
	str32Code    = 0xdb
	array16Code  = 0xdc
	array32Code  = 0xdd
	map16Code    = 0xde
	map32Code    = 0xdf
	fixNegCode   = 0xe0 // and all above
)

// kind is a class of codes.
type kind string

const (
	arrayKind kind = "an array"
	mapKind   kind = "a map"
	strKind   kind = "a string"
	binKind   kind = "a bin"
	intKind   kind = "an integer"
	floatKind kind = "a float"
	boolKind  kind = "a boolean"
	otherKind kind = "a nil or an extension"
)

func kindOf(code byte) kind {
	switch {
	case code < fixMapCode, code >= fixNegCode, code >= uint8Code && code <= int64Code:
		return intKind
	case code < fixArrayCode, code >= map16Code:
		return mapKind
	case code < fixStrCode, code >= array16Code:
		return arrayKind
	case code < 0xc0, code >= str8Code:
		return strKind
	case code == falseCode, code == trueCode:
		return boolKind
	case code >= bin8Code && code <= bin32Code:
		return binKind
	case code == float32Code, code == float64Code:
		return floatKind
	}
	return otherKind
}

// widthOf returns how many bytes of a number follow a code.
func widthOf(code byte) int {
	switch code {
	case bin8Code, uint8Code, int8Code, str8Code:
		return 1
	case bin16Code, uint16Code, int16Code, str16Code, array16Code, map16Code:
		return 2
	case bin32Code, uint32Code, int32Code, str32Code, array32Code, map32Code, float32Code:
		return 4
	case uint64Code, int64Code, float64Code:
		return 8
	}
	return 0
}

// held returns the number in a code that no number follows.
func held(code byte) uint64 {
	switch {
	case code >= fixStrCode && code < 0xc0:
		return uint64(code - fixStrCode)
	case code >= fixMapCode && code < fixStrCode:
		return uint64(code & 15)
	}
	return uint64(int8(code))
}
