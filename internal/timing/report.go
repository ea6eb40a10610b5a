package timing

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/record"
)

// Report is what a measurement found.
type Report interface {
	Markdown(w io.Writer)
}

// Write leaves name.json and name.md in a folder, and returns the text.
func Write(folder, name string, r Report) ([]byte, error) {
	var text bytes.Buffer
	r.Markdown(&text)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	if err := record.WriteJSON(filepath.Join(folder, name+".json"), r); err != nil {
		return nil, err
	}
	return text.Bytes(), record.WriteFile(filepath.Join(folder, name+".md"), text.Bytes())
}

// Median is the middle value, or the mean of the middle two.
func Median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
