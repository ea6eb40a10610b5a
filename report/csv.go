package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per cell and per reference at full precision; a number that does not exist is an empty field.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	header := []string{"axis", "block", "name", "default", "seeds", "diverged", "images"}
	for _, m := range t.Metrics {
		for _, suffix := range []string{"", "_low", "_high", "_n", "_difference", "_p", "_paper"} {
			header = append(header, m.Key+suffix)
		}
	}
	c.Write(append(header, "verdict", "note", "ref", "scale", "engine", "commit", "recipe", "data"))
	for i, r := range t.all() {
		block := t.rowNoun()
		if i >= len(t.Rows) {
			block = "reference"
		}
		record := []string{t.Axis, block, r.Name, strconv.FormatBool(r.Default), strconv.Itoa(r.Seeds), strconv.Itoa(r.Diverged), strconv.Itoa(r.Images)}
		for _, m := range t.Metrics {
			record = append(record, r.csvFields(m.Key)...)
		}
		c.Write(append(record, r.Verdict, r.Note, t.Ref, t.Scale, t.Engine, t.Commit, t.Recipe, t.Data))
	}
	c.Flush()
	return c.Error()
}

// csvFields are all that is known of a metric.
func (r Row) csvFields(key string) []string {
	fields := make([]string, 7)
	if e := r.Values[key]; e.Known() {
		fields[0], fields[1], fields[2], fields[3] = csvNumber(e.Mean), csvNumber(e.Low), csvNumber(e.High), strconv.Itoa(e.N)
	}
	if test, ok := r.Tests[key]; ok {
		fields[4], fields[5] = csvNumber(test.Difference.Mean), csvNumber(test.P)
	}
	if v, ok := r.Paper[key]; ok {
		fields[6] = csvNumber(v)
	}
	return fields
}

func csvNumber(x float64) string {
	if !finite(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
