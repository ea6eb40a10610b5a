package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per cell and per reference at full precision; a number that does not exist is an empty field.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	line := []string{"axis", "block", "name", "default", "seeds", "diverged", "images"}
	for _, m := range t.Metrics {
		for _, suffix := range []string{"", "_low", "_high", "_n", "_difference", "_p", "_paper"} {
			line = append(line, m.Key+suffix)
		}
	}
	c.Write(append(line, "verdict", "note", "ref", "scale", "engine", "commit", "recipe", "data"))
	for i, r := range t.all() {
		block := t.rowNoun()
		if i >= len(t.Rows) {
			block = "reference"
		}
		line = []string{t.Axis, block, r.Name, strconv.FormatBool(r.Default), strconv.Itoa(r.Seeds), strconv.Itoa(r.Diverged), strconv.Itoa(r.Images)}
		add := func(known bool, numbers ...float64) {
			for _, x := range numbers {
				if known && finite(x) {
					line = append(line, strconv.FormatFloat(x, 'g', -1, 64))
				} else {
					line = append(line, "")
				}
			}
		}
		for _, m := range t.Metrics {
			e := r.Values[m.Key]
			test, tested := r.Tests[m.Key]
			paper, published := r.Paper[m.Key]
			add(e.Known(), e.Mean, e.Low, e.High, float64(e.N))
			add(tested, test.Difference.Mean, test.P)
			add(published, paper)
		}
		c.Write(append(line, r.Verdict, r.Note, t.Ref, t.Scale, t.Engine, t.Commit, t.Recipe, t.Data))
	}
	c.Flush()
	return c.Error()
}
