package kernels

func available() []implementation { return []implementation{generic} }
