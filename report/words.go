package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/fold"
)

// join leaves out what is empty.
func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), separator)
}

// named is a value after its name, or nothing.
func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + " " + fold.OneLine(value)
}

func (t Table) provenance() string {
	return join(", ", named("data", t.Data), named("scale", t.Scale), named("engine", t.Engine), named("on", t.Machines), named("commit", t.Commit))
}

func (t Table) subtitle() string {
	axis := named("axis", t.Axis)
	if t.Title == "" { // then the axis is the heading
		axis = ""
	}
	return join(", ", axis, fold.OneLine(t.Ref))
}

func (t Table) compared() string {
	return cmp.Or(fold.OneLine(t.Against), "the default cell")
}

func (t Table) any(of func(Row) bool) bool { return slices.ContainsFunc(t.all(), of) }

func isDefault(r Row) bool { return r.Default }

func hasPaper(r Row) bool { return len(r.Paper) > 0 }

func hasVerdict(r Row) bool { return r.Verdict != "" }

// legend explains the signs that the printed table really uses.
func (t Table) legend() []string {
	signs := "↓ lower is better, ↑ higher is better."
	hasInterval := func(r Row) bool {
		return slices.ContainsFunc(t.Metrics, func(m Metric) bool { return m.Main && r.Values[m.Key].HasInterval() })
	}
	if t.any(hasInterval) {
		signs += fmt.Sprintf(" ± and [low, high] are %g %% intervals.", 100*cmp.Or(t.Confidence, 0.95))
	} else {
		signs += " No interval is known."
	}
	lines := []string{signs}
	for _, m := range t.Metrics {
		if m.Main && m.About != "" && t.any(func(r Row) bool { return r.Values[m.Key].Known() }) {
			lines = append(lines, m.Name+": "+m.About+".")
		}
	}
	for _, s := range []struct {
		of   func(Row) bool
		text string
	}{
		{func(r Row) bool { return len(r.Spread) > 0 }, "sd: standard deviation over subsets or splits, not the error of the value."},
		{Row.AllDiverged, "diverged: every training ended without numbers."},
		{hasPaper, "The paper has other data, networks and numbers of images: compare the order of the cells, not the values."},
		{hasVerdict, "As in the paper: does what the paper claims of the cell and " + t.compared() + " hold, or their order where it claims nothing, in every published metric? Smaller: not shown, and an advantage as large as the paper's is ruled out. Undecided: the seeds show neither."},
	} {
		if t.any(s.of) {
			lines = append(lines, s.text)
		}
	}
	return lines
}

func (t Table) remarks() []string {
	list := slices.Clone(t.Notes)
	for _, v := range t.Verdicts {
		list = append(list, t.Sentence(v))
	}
	return list
}

func (t Table) testLegend() string {
	paired, welch := false, false
	for _, r := range t.Rows {
		for _, test := range r.Tests {
			paired, welch = paired || test.Paired, welch || !test.Paired
		}
	}
	how := "paired t-test over common seeds"
	switch {
	case paired && welch:
		how += ", or where there are none from one Welch's t-test over seeds"
	case welch:
		how = "Welch's t-test over seeds"
	case !paired:
		return ""
	}
	return "Δ: difference from " + t.compared() + ". Δ, its interval and p come from one " + how + "; p is not corrected for the number of cells."
}

func (t Table) furtherLegend(times Table) []string {
	var lines []string
	if tests := t.testLegend(); tests != "" {
		lines = append(lines, tests)
	}
	for _, m := range slices.Concat(t.Metrics, times.Metrics) {
		known := func(r Row) bool { return r.Values[m.Key].Known() }
		if !m.Main && m.About != "" && (t.any(known) || times.any(known)) {
			lines = append(lines, m.Name+": "+m.About+".")
		}
	}
	if t.any(func(r Row) bool { return slices.ContainsFunc(t.Metrics, r.fewer) }) {
		lines = append(lines, "n: fewer seeds than the row has; older measurements lack the number. Rows of different n do not compare.")
	}
	return lines
}

func rowSize(r Row) string {
	var parts []string
	for _, p := range [][2]string{{formatSeeds(r), " seed"}, {formatCount(r.Images), " image"}} {
		switch p[0] {
		case missing:
		case "1":
			parts = append(parts, p[0]+p[1])
		default:
			parts = append(parts, p[0]+p[1]+"s")
		}
	}
	return strings.Join(parts, " × ")
}

// commonSize is the size of every cell, or nothing when they differ.
func (t Table) commonSize() string {
	if len(t.Rows) == 0 || slices.ContainsFunc(t.Rows, func(r Row) bool { return rowSize(r) != rowSize(t.Rows[0]) }) {
		return ""
	}
	return rowSize(t.Rows[0])
}

func (t Table) relation(v Verdict) string {
	name := t.Metric(v.Metric).Name
	switch {
	case v.Within > 0:
		return fmt.Sprintf("%s of %s within %.3g %% of %s", name, v.Better, 100*v.Within, v.Worse)
	case v.Factor > 0:
		return fmt.Sprintf("%s of %s at least %.3g times %s", name, v.Worse, v.Factor, v.Better)
	}
	return fmt.Sprintf("%s of %s better than %s", name, v.Better, v.Worse)
}

// Evidence is what was tested, with the difference, its interval, p and the seeds.
func (t Table) Evidence(v Verdict) string {
	if v.Test == nil {
		return fmt.Sprintf("not tested, seeds %d and %d", v.Seeds[0], v.Seeds[1])
	}
	m, test := t.Metric(v.Metric), *v.Test
	difference, tail := formatTest(test, m.Digits)
	what := v.Better + " − " + v.Worse
	if v.Factor > 0 {
		what = fmt.Sprintf("%s − %.3g × %s", v.Worse, v.Factor, v.Better)
	}
	by := FormatP(test.P)
	switch {
	case v.Within > 0 && v.Verdict == Refuted: // the two-sided test of the bound that is passed
		by = "beyond the bound, " + by
	case v.Within > 0:
		by = "TOST " + by
	}
	seeds := fmt.Sprintf("seeds %d and %d", v.Seeds[0], v.Seeds[1])
	if test.Paired {
		seeds = fmt.Sprintf("%d pairs of seeds", test.Difference.N)
	}
	return fmt.Sprintf("%s = %s%s, %s, %s", what, difference, tail, by, seeds)
}

// Sentence is the verdict in words.
func (t Table) Sentence(v Verdict) string {
	return fmt.Sprintf("%s: %s. %s; %s.", strings.ToUpper(v.Verdict[:1])+v.Verdict[1:], v.Claim, t.relation(v), t.Evidence(v))
}
