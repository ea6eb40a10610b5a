package dense

import "golang.org/x/sys/cpu"

func available() []kernel {
	kernels := []kernel{plain}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		avx2 := kernel{name: "avx2", mr: 4, nr: 8, tile: tile(tileAVX2), dot: dot, axpy: axpy}
		kernels = append([]kernel{avx2}, kernels...)
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512VL {
			avx512 := kernel{name: "avx512", mr: 8, nr: 16, tile: tile(tileAVX512), dot: dot, axpy: axpy, rows: reflection(rowsAVX512), columns: reflection(columnsAVX512)}
			kernels = append([]kernel{avx512}, kernels...)
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

// Of this many numbers are the vectors of rowsAVX512 and columnsAVX512: another width does not compile.
const _ = uint(width-32) + uint(32-width)

// reflection gives an assembly routine the form of kernel.rows and kernel.columns.
func reflection(routine func(n int, minusTau float64, v, m *float64, stride int)) func(int, float64, []float64, []float64, int) {
	return func(n int, tau float64, v, m []float64, stride int) { routine(n, -tau, &v[0], &m[0], 8*stride) }
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

// rowsAVX512 is kernel.rows for width = 32, n ≥ 1, the stride in bytes.
//
//go:noescape
func rowsAVX512(n int, minusTau float64, v, m *float64, stride int)

// columnsAVX512 is kernel.columns for width = 32, n ≥ 1, the stride in bytes.
//
//go:noescape
func columnsAVX512(n int, minusTau float64, v, m *float64, stride int)
