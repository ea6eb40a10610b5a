package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per cell and per reference at full precision; a number that does not exist is an empty field.
func (t Table) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{
		"axis", "block", "name", "default", "seeds", "images",
		"fid", "fid_low", "fid_high", "fid_n", "clip", "clip_low", "clip_high", "clip_n", "align", "align_low", "align_high", "align_n",
		"paper_fid", "paper_clip", "direction", "collapsed", "note", "ref", "scale", "engine", "commit",
	})
	block := func(name string, rows []Row) {
		for _, r := range rows {
			record := []string{t.Axis, name, r.Name, strconv.FormatBool(r.Default), strconv.Itoa(r.Seeds), strconv.Itoa(r.Images)}
			for _, e := range []Estimate{r.FID, r.CLIP, r.Align} {
				if e == (Estimate{}) {
					record = append(record, "", "", "", "")
					continue
				}
				record = append(record, csvNumber(e.Mean), csvNumber(e.Low), csvNumber(e.High), strconv.Itoa(e.N))
			}
			paperFID, paperCLIP := "", ""
			if r.Paper != nil {
				if published(r.Paper.FID) {
					paperFID = csvNumber(r.Paper.FID)
				}
				if published(r.Paper.CLIP) {
					paperCLIP = csvNumber(r.Paper.CLIP)
				}
			}
			c.Write(append(record, paperFID, paperCLIP, r.Direction, strconv.FormatBool(r.Collapsed()), r.Note, t.Ref, t.Scale, t.Engine, t.Commit))
		}
	}
	block("cell", t.Rows)
	block("reference", t.References)
	c.Flush()
	return c.Error()
}

func csvNumber(x float64) string {
	if !finite(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
