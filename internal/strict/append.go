package strict

import "math"

// AppendArray appends the head of an array of n values, which come behind it.
// Like the other functions it takes the shortest form.
func AppendArray(b []byte, n int) []byte {
	if n < 16 {
		return append(b, fixArrayCode|byte(n))
	}
	return long(b, array16Code, n)
}

// AppendMap appends the head of a map of n keys, each followed by its value.
func AppendMap(b []byte, n int) []byte {
	if n < 16 {
		return append(b, fixMapCode|byte(n))
	}
	return long(b, map16Code, n)
}

// AppendStr appends a string.
func AppendStr(b []byte, s string) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, fixStrCode|byte(n))
	case n < 1<<8:
		b = append(b, str8Code, byte(n))
	default:
		b = long(b, str16Code, n)
	}
	return append(b, s...)
}

// AppendBin appends a bin.
func AppendBin(b, data []byte) []byte { return append(AppendBinHead(b, int64(len(data))), data...) }

// AppendBinHead appends the head of a bin of n bytes, n < 1<<32, which come
// behind it.
func AppendBinHead(b []byte, n int64) []byte {
	if n < 1<<8 {
		return append(b, bin8Code, byte(n))
	}
	return long(b, bin16Code, n)
}

// AppendBool appends a boolean.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, trueCode)
	}
	return append(b, falseCode)
}

// AppendInt appends an integer.
func AppendInt(b []byte, n int64) []byte {
	switch {
	case n >= -32 && n < 1<<7:
		return append(b, byte(n))
	case n >= 0 && n < 1<<8:
		return append(b, uint8Code, byte(n))
	case n >= 0 && n < 1<<16:
		return number(b, uint16Code, 2, uint64(n))
	case n >= 0 && n < 1<<32:
		return number(b, uint32Code, 4, uint64(n))
	case n >= 0:
		return number(b, uint64Code, 8, uint64(n))
	case n >= math.MinInt8:
		return append(b, int8Code, byte(n))
	case n >= math.MinInt16:
		return number(b, int16Code, 2, uint64(n))
	case n >= math.MinInt32:
		return number(b, int32Code, 4, uint64(n))
	}
	return number(b, int64Code, 8, uint64(n))
}

// AppendFloat32 appends a float of 32 bits.
func AppendFloat32(b []byte, v float32) []byte {
	return number(b, float32Code, 4, uint64(math.Float32bits(v)))
}

// AppendFloat64 appends a float of 64 bits.
func AppendFloat64(b []byte, v float64) []byte {
	return number(b, float64Code, 8, math.Float64bits(v))
}

// long appends a length of 16 bits behind its code, or of 32 behind the next.
func long[T int | int64](b []byte, code byte, n T) []byte {
	if n < 1<<16 {
		return number(b, code, 2, uint64(n))
	}
	return number(b, code+1, 4, uint64(n))
}

// number appends a code and the last width bytes of n, the highest first.
func number(b []byte, code byte, width int, n uint64) []byte {
	b = append(b, code)
	for width--; width >= 0; width-- {
		b = append(b, byte(n>>(8*width)))
	}
	return b
}
