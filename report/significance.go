package report

import "slices"

// significanceLegend explains the columns of significance.
const significanceLegend = "p: against the default cell, Welch's test over seeds, not corrected for the number of cells; cells that share a letter do not differ at 5 %. "

// significance has the names of rows and the columns of what tells them from the default cell and from each other, in FID and CLIP score.
func significance(first string, rows []Row) []column {
	text := func(of func(Row) string) func(Row) (string, string) {
		return func(r Row) (string, string) { return "", of(r) }
	}
	cols := []column{{name: first, cell: text(func(r Row) string { return r.Name })}}
	for _, m := range []struct {
		name  string
		p     func(Row) *float64
		group func(Row) string
	}{
		{"FID", func(r Row) *float64 { return r.PFID }, func(r Row) string { return r.GroupFID }},
		{"CLIP", func(r Row) *float64 { return r.PCLIP }, func(r Row) string { return r.GroupCLIP }},
	} {
		if slices.ContainsFunc(rows, func(r Row) bool { return m.p(r) != nil }) {
			cols = append(cols, column{name: "p (" + m.name + ")", numeric: true, cell: cellP(m.p)})
		}
		if slices.ContainsFunc(rows, func(r Row) bool { return m.group(r) != "" }) {
			cols = append(cols, column{name: "ties (" + m.name + ")", cell: text(func(r Row) string { return orMissing(m.group(r)) })})
		}
	}
	return cols
}

func cellP(of func(Row) *float64) func(Row) (string, string) {
	return func(r Row) (string, string) {
		v := of(r)
		if v == nil {
			return missing, ""
		}
		return shortP(*v), ""
	}
}

func orMissing(s string) string {
	if s == "" {
		return missing
	}
	return s
}
