package dense

import "golang.org/x/sys/cpu"

// available lists the kernels that this processor can run, the fastest first.
func available() []kernel {
	kernels := []kernel{plain}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		kernels = append([]kernel{{"avx2", 4, 8, tile(tileAVX2), dot, axpy}}, kernels...)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			kernels = append([]kernel{{"avx512", 8, 16, tile(tileAVX512), dot, axpy}}, kernels...)
		}
	}
	return kernels
}

// tile gives an assembly routine, which counts strides in bytes, the form of kernel.tile.
func tile(routine func(k int, a *float64, ars, acs int, b *float64, brs int, c *float64, crs int, alpha float64)) func(int, []float64, int, int, []float64, int, []float64, int, float64) {
	return func(k int, a []float64, ars, acs int, b []float64, brs int, c []float64, crs int, alpha float64) {
		routine(k, &a[0], 8*ars, 8*acs, &b[0], 8*brs, &c[0], 8*crs, alpha)
	}
}

func dot(x, y []float64) float64 {
	whole := len(x) &^ 15
	var sum float64
	y = y[:len(x)]
	if whole > 0 {
		sum = dotAVX2(whole, &x[0], &y[0])
	}
	for i := whole; i < len(x); i++ {
		sum += x[i] * y[i]
	}
	return sum
}

func axpy(a float64, x, y []float64) {
	whole := len(x) &^ 15
	y = y[:len(x)]
	if whole > 0 {
		axpyAVX2(whole, a, &x[0], &y[0])
	}
	for i := whole; i < len(x); i++ {
		y[i] += a * x[i]
	}
}

// tileAVX512 is kernel.tile of 8×16 numbers, k ≥ 1, strides in bytes.
//
//go:noescape
func tileAVX512(k int, a *float64, ars, acs int, b *float64, brs int, c *float64, crs int, alpha float64)

// tileAVX2 is kernel.tile of 4×8 numbers, k ≥ 1, strides in bytes.
//
//go:noescape
func tileAVX2(k int, a *float64, ars, acs int, b *float64, brs int, c *float64, crs int, alpha float64)

// dotAVX2 is x·y of n numbers, a multiple of 16.
//
//go:noescape
func dotAVX2(n int, x, y *float64) float64

// axpyAVX2 adds a·x to y, n numbers, a multiple of 16.
//
//go:noescape
func axpyAVX2(n int, a float64, x, y *float64)
