// Package dense computes products, pivoted Cholesky factors and singular values of large real matrices for Fréchet distances, faster than
// gonum/mat. It has kernels for AVX-512 and AVX2 and falls back to plain Go.
//
// Matrices are gonum's blas64.General: row-major, a row every Stride numbers. Sums run in a fixed order, so that a result does not
// depend on the number of cores.
package dense
