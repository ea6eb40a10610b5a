// Package dense computes what Fréchet distances need of large real matrices faster than package gonum/mat does: products, a pivoted
// Cholesky factor, and singular values. It has kernels for AVX-512 and AVX2 and falls back to plain Go.
//
// Matrices are gonum's blas64.General: row-major, a row every Stride numbers. Sums run in a fixed order, so that a result does not
// depend on the number of cores.
package dense
