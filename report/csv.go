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
		"p_fid", "p_clip", "group_fid", "group_clip", "align_novel", "align_novel_low", "align_novel_high", "align_novel_n",
		"precision", "recall", "density", "coverage", "imbalance", "recipe", "data",
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
			record = append(record, paperFID, paperCLIP, r.Direction, strconv.FormatBool(r.Collapsed()), r.Note, t.Ref, t.Scale, t.Engine, t.Commit)
			c.Write(append(append(record, r.csvFurther()...), t.Recipe, t.Data))
		}
	}
	block("cell", t.Rows)
	block("reference", t.References)
	c.Flush()
	return c.Error()
}

// csvFurther are the numbers that the printed table leaves out.
func (r Row) csvFurther() (fields []string) {
	for _, p := range []*float64{r.PFID, r.PCLIP} {
		if p == nil {
			fields = append(fields, "")
			continue
		}
		fields = append(fields, csvNumber(*p))
	}
	fields = append(fields, r.GroupFID, r.GroupCLIP)
	if r.Novel == (Estimate{}) {
		fields = append(fields, "", "", "", "")
	} else {
		fields = append(fields, csvNumber(r.Novel.Mean), csvNumber(r.Novel.Low), csvNumber(r.Novel.High), strconv.Itoa(r.Novel.N))
	}
	for _, e := range []Estimate{r.Precision, r.Recall, r.Density, r.Coverage, r.Imbalance} {
		if e == (Estimate{}) {
			fields = append(fields, "")
			continue
		}
		fields = append(fields, csvNumber(e.Mean))
	}
	return fields
}

func csvNumber(x float64) string {
	if !finite(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
