package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/record"
)

// write leaves name.json and name.md in a folder, and prints the text.
func write(folder, name string, r interface{ Markdown(w io.Writer) }, stdout io.Writer) error {
	var text bytes.Buffer
	r.Markdown(&text)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if err := record.WriteJSON(filepath.Join(folder, name+".json"), r); err != nil {
		return err
	}
	if err := record.WriteFile(filepath.Join(folder, name+".md"), text.Bytes()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "\n%swrote %s\n", &text, folder)
	return err
}

// median is the middle value, or the mean of the middle two.
func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// quartiles are the median with the quartiles.
func quartiles(x []float64, digits int) string { return spread(x, digits, len(x)/4, len(x)*3/4) }

// extremes are the median with the lowest and the highest value.
func extremes(x []float64, digits int) string { return spread(x, digits, 0, len(x)-1) }

func spread(x []float64, digits, low, high int) string {
	sorted := slices.Sorted(slices.Values(x))
	return fmt.Sprintf("%.[1]*[2]f (%.[1]*[3]f–%.[1]*[4]f)", digits, median(x), sorted[low], sorted[high])
}

// ratios divides value by value.
func ratios(a, b []float64) []float64 {
	x := make([]float64, len(b))
	for i := range x {
		x[i] = a[i] / b[i]
	}
	return x
}

// column is one number of every element.
func column[T any](all []T, of func(T) float64) (x []float64) {
	for _, v := range all {
		x = append(x, of(v))
	}
	return x
}
