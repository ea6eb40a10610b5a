// Package rng derives every random stream of a run from its seed and a purpose, on the host, so that engines agree and runs repeat.
package rng

import (
	"hash/fnv"
	"math/rand/v2"
)

// New returns the stream for one purpose and step of the run with this seed.
// Streams of different purposes or steps are independent of each other and of the order in which they are drawn.
func New(seed int64, purpose string, step int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	return rand.New(rand.NewPCG(uint64(seed)*0x9e3779b97f4a7c15^h.Sum64(), uint64(step)))
}

// Normal fills a slice of n standard normal values.
func Normal(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}
