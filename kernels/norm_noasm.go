package kernels

func add(y, a []float32)             { addGeneric(y, a) }
func add2(y, a, b []float32)         { add2Generic(y, a, b) }
func scale(y []float32, by float32)  { scaleGeneric(y, by) }
func sumSquares(x []float32) float32 { return sumSquaresGeneric(x) }
