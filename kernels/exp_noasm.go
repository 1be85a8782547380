package kernels

func swiGLU(act, gate, up []float32) { swiGLUGeneric(act, gate, up) }

func softmax(s []float32, scale float32, bias []float32) { softmaxGeneric(s, scale, bias) }
