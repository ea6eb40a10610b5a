package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Features are N feature vectors of D dimensions, row-major: one row per image. The zero value is empty and ready for Append.
type Features struct {
	N, D int
	Data []float32 // [N·D]
}

// Row returns the features of image i, sharing memory. Like a slice, it panics when i is out of range.
func (f Features) Row(i int) []float32 { return f.Data[i*f.D : (i+1)*f.D : (i+1)*f.D] }

// First are the first n rows, sharing memory.
func (f Features) First(n int) Features { return Features{N: n, D: f.D, Data: f.Data[:n*f.D]} }

// Validate returns an error if the shape does not fit the data, or for the first row with a NaN or an infinity.
func (f Features) Validate() error {
	if f.N < 1 || f.D < 1 {
		return fmt.Errorf("eval: features = [%d,%d], want at least one row and one column", f.N, f.D)
	}
	if len(f.Data) != f.N*f.D {
		return fmt.Errorf("eval: len(features.Data) = %d, want N·D = %d·%d", len(f.Data), f.N, f.D)
	}
	for i, v := range f.Data {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("eval: features row %d, column %d = %v, want a finite number", i/f.D, i%f.D, v)
		}
	}
	return nil
}

// Append adds the rows of a batch. An empty receiver takes the batch's width.
func (f *Features) Append(batch Features) error {
	if err := batch.Validate(); err != nil {
		return err
	}
	if f.N > 0 && f.D != batch.D {
		return fmt.Errorf("eval: batch.D = %d, want %d", batch.D, f.D)
	}
	f.D = batch.D
	f.N += batch.N
	f.Data = append(f.Data, batch.Data...)
	return nil
}

// Subset copies the named rows, in the order given. Like a slice, it panics when an index is out of range.
func (f Features) Subset(rows []int) Features {
	data := make([]float32, 0, len(rows)*f.D)
	for _, i := range rows {
		data = append(data, f.Row(i)...)
	}
	return Features{N: len(rows), D: f.D, Data: data}
}

func validatePair(metric string, a, b Features) error {
	for i, f := range []Features{a, b} {
		if err := f.Validate(); err != nil {
			return fmt.Errorf("%w (%s, argument %d)", err, metric, i+1)
		}
	}
	if a.D != b.D {
		return fmt.Errorf("eval: %s: feature dimensions = %d and %d, want equal", metric, a.D, b.D)
	}
	return nil
}

// dense copies rows [from,to) to float64, less the mean when one is given.
func (f Features) dense(from, to int, mean []float64) *mat.Dense {
	x := make([]float64, 0, (to-from)*f.D)
	for i := from; i < to; i++ {
		row := f.Row(i)
		if mean == nil {
			for _, v := range row {
				x = append(x, float64(v))
			}
			continue
		}
		for j, m := range mean[:len(row)] {
			x = append(x, float64(row[j])-m)
		}
	}
	return mat.NewDense(to-from, f.D, x)
}
