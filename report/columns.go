package report

import (
	"fmt"
	"slices"
	"strings"
)

// column is one printed column. A cell comes in two halves, the head set flush right and the tail flush left, so that the
// points of the means and the signs ± stand under one another.
type column struct {
	name    string
	arrow   string // "↓", "↑" or nothing
	numeric bool
	cell    func(Row) (head, tail string)
}

// paperPrefix marks the columns of published numbers.
const paperPrefix = "paper "

func (c column) heading() string { return strings.TrimSpace(c.name + " " + c.arrow) }

// set returns the cells of rows, the halves of numbers padded to line up. dress rewrites a half before it is measured.
func (c column) set(rows []Row, dress func(string) string) []string {
	heads, tails, headWidth, tailWidth := make([]string, len(rows)), make([]string, len(rows)), 0, 0
	for i, r := range rows {
		head, tail := c.cell(r)
		heads[i], tails[i] = dress(head), dress(tail)
		if head != collapsed {
			headWidth = max(headWidth, displayWidth(heads[i]))
		}
		tailWidth = max(tailWidth, displayWidth(tails[i]))
	}
	cells := tails
	if c.numeric {
		for i := range rows {
			cells[i] = padLeft(heads[i], headWidth) + padRight(tails[i], tailWidth)
			if heads[i] == collapsed {
				cells[i] = padLeft(collapsed, headWidth+tailWidth)
			}
		}
	}
	return cells
}

// columns are those that say something about rows; FID, CLIP, seeds and images always stand.
func (t Table) columns(first string, rows []Row) []column {
	p := t.precision()
	estimate := func(prec int, of func(Row) Estimate) func(Row) (string, string) {
		return func(r Row) (string, string) { return of(r).format(prec) }
	}
	paper := func(prec int, of func(Score) float64) func(Row) (string, string) {
		return func(r Row) (string, string) {
			if r.Paper == nil {
				return missing, ""
			}
			return formatPublished(of(*r.Paper), prec), ""
		}
	}
	text := func(of func(Row) string) func(Row) (string, string) {
		return func(r Row) (string, string) { return "", oneLine(of(r)) }
	}
	count := func(of func(Row) string) func(Row) (string, string) {
		return func(r Row) (string, string) { return of(r), "" }
	}

	cols := []column{
		{name: first, cell: text(func(r Row) string { return r.Name })},
		{name: "FID", arrow: "↓", numeric: true, cell: func(r Row) (string, string) {
			if r.Collapsed() {
				return collapsed, ""
			}
			return r.FID.format(p.fid)
		}},
		{name: "CLIP", arrow: "↑", numeric: true, cell: estimate(p.clip, func(r Row) Estimate { return r.CLIP })},
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Align.Known() }) {
		cols = append(cols, column{name: "align", arrow: "↑", numeric: true, cell: estimate(p.align, func(r Row) Estimate { return r.Align })})
	}
	if slices.ContainsFunc(rows, hasPaper) {
		cols = append(cols,
			column{name: paperPrefix + "FID", arrow: "↓", numeric: true, cell: paper(p.paperFID, func(s Score) float64 { return s.FID })},
			column{name: paperPrefix + "CLIP", arrow: "↑", numeric: true, cell: paper(p.paperCLIP, func(s Score) float64 { return s.CLIP })})
	}
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Direction != "" }) {
		cols = append(cols, column{name: "direction", cell: text(func(r Row) string { return r.Direction })})
	}
	cols = append(cols,
		column{name: "seeds", numeric: true, cell: count(formatSeeds)},
		column{name: "images", numeric: true, cell: count(func(r Row) string { return formatCount(r.Images) })})
	if slices.ContainsFunc(rows, func(r Row) bool { return r.Note != "" }) {
		cols = append(cols, column{name: "note", cell: text(func(r Row) string { return r.Note })})
	}
	return cols
}

// formatSeeds says "2 of 3" where a seed gave no FID.
func formatSeeds(r Row) string {
	if 0 < r.FID.N && r.FID.N < r.Seeds {
		return fmt.Sprintf("%d of %d", r.FID.N, r.Seeds)
	}
	return formatCount(r.Seeds)
}

// provenance names data, scale, engine, machine and commit of the runs.
func (t Table) provenance() string {
	var parts []string
	for _, p := range [][2]string{{"data", t.Data}, {"scale", t.Scale}, {"engine", t.Engine}, {"on", t.Machines}, {"commit", t.Commit}} {
		if p[1] != "" {
			parts = append(parts, p[0]+" "+oneLine(p[1]))
		}
	}
	return strings.Join(parts, ", ")
}

// subtitle names the axis and the place in the paper.
func (t Table) subtitle() string {
	var parts []string
	if t.Axis != "" && t.Title != "" {
		parts = append(parts, "axis "+oneLine(t.Axis))
	}
	if t.Ref != "" {
		parts = append(parts, oneLine(t.Ref))
	}
	return strings.Join(parts, ", ")
}

// legend explains the signs that the table really uses.
func (t Table) legend() []string {
	rows := t.all()
	signs := "↓ lower is better, ↑ higher is better"
	if slices.ContainsFunc(rows, func(r Row) bool { return r.FID.HasInterval() || r.CLIP.HasInterval() || r.Align.HasInterval() }) {
		signs += "; ± and [low, high] are the 95 % interval of the mean, and a number without them has no known interval"
	} else {
		signs += "; no interval is known"
	}
	lines := []string{signs + "."}
	if slices.ContainsFunc(rows, Row.Collapsed) {
		lines = append(lines, "collapsed: the run gave no finite FID.")
	}
	if slices.ContainsFunc(rows, hasPaper) {
		lines = append(lines, "The paper's numbers stand on another scale (data, networks, number of images): compare the order of the cells, not the values.")
	}
	return lines
}

// oneLine folds every run of white space into one blank.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
