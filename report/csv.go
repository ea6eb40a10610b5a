package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per cell and per reference at full precision; a number that does not exist is an empty field.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	header := []string{"axis", "block", "name", "default", "seeds", "images"}
	estimate := func(key string) { header = append(header, key, key+"_low", key+"_high", key+"_n") }
	estimate("fid")
	estimate("clip")
	for _, m := range FurtherMetrics {
		estimate(m.Key)
	}
	header = append(header, "p_fid", "p_clip")
	for _, m := range FurtherMetrics {
		header = append(header, "p_"+m.Key)
	}
	c.Write(append(header, "group_fid", "group_clip", "paper_fid", "paper_clip", "direction", "collapsed", "note", "ref", "scale", "engine", "commit", "recipe", "data"))
	block := func(name string, rows []Row) {
		for _, r := range rows {
			record := append([]string{t.Axis, name, r.Name, strconv.FormatBool(r.Default), strconv.Itoa(r.Seeds), strconv.Itoa(r.Images)}, r.csvNumbers()...)
			c.Write(append(record, r.GroupFID, r.GroupCLIP, csvPublished(r.Paper, func(s Score) float64 { return s.FID }), csvPublished(r.Paper, func(s Score) float64 { return s.CLIP }),
				r.Direction, strconv.FormatBool(r.Collapsed()), r.Note, t.Ref, t.Scale, t.Engine, t.Commit, t.Recipe, t.Data))
		}
	}
	block("cell", t.Rows)
	block("reference", t.References)
	c.Flush()
	return c.Error()
}

// csvNumbers are the estimates with their intervals, and what tells the row from the default cell.
func (r Row) csvNumbers() (fields []string) {
	estimates, p := []Estimate{r.FID, r.CLIP}, []*float64{r.PFID, r.PCLIP}
	for _, m := range FurtherMetrics {
		estimates, p = append(estimates, *m.Of(&r)), append(p, r.pOf(m))
	}
	for _, e := range estimates {
		if e == (Estimate{}) {
			fields = append(fields, "", "", "", "")
			continue
		}
		fields = append(fields, csvNumber(e.Mean), csvNumber(e.Low), csvNumber(e.High), strconv.Itoa(e.N))
	}
	for _, x := range p {
		if x == nil {
			fields = append(fields, "")
			continue
		}
		fields = append(fields, csvNumber(*x))
	}
	return fields
}

func csvPublished(paper *Score, of func(Score) float64) string {
	if paper == nil || !published(of(*paper)) {
		return ""
	}
	return csvNumber(of(*paper))
}

func csvNumber(x float64) string {
	if !finite(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
