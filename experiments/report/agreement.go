package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// compare writes how far the cells and seeds of results agree with those of another folder.
func compare(results, beside string, stdout io.Writer) error {
	there, err := report.Tables(beside)
	if err != nil {
		return fmt.Errorf("--beside %s: %w", beside, err)
	}
	here, err := report.Tables(results)
	if err != nil {
		return err
	}
	t := agreement(here, there)
	t.Title = fmt.Sprintf("The same cells and seeds in %s and in %s", filepath.ToSlash(results), filepath.ToSlash(beside))
	var text bytes.Buffer
	if err := t.Markdown(&text); err != nil {
		return err
	}
	path := filepath.Join(results, "agreement.md")
	if err := record.WriteFile(path, text.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n\n%s", path, &text)
	return nil
}

// agreement compares the runs that both lists of tables have, seed by seed: those of one evaluation hash have equal configs and seeds,
// whatever computed them. A cell that stands in several tables counts once.
func agreement(here, there []report.Table) report.Table {
	t := report.Table{Notes: []string{"Δ: here less there, with the interval and p of a paired t-test over seeds, not corrected for the number of cells. One seed has no test."}}
	known, done := map[string]report.Seed{}, map[string]bool{}
	eachSeed(there, func(_ report.Table, _ report.Row, s report.Seed) { known[s.Evaluation] = s })
	row := map[string]int{}
	pairs := map[string]map[string][2]map[int64]float64{} // by row and metric: here and there by seed
	eachSeed(here, func(from report.Table, r report.Row, s report.Seed) {
		other, ok := known[s.Evaluation]
		if !ok || done[s.Evaluation] {
			return
		}
		done[s.Evaluation] = true
		name := from.Axis + ": " + r.Name
		if r.Default {
			name = "default cell"
		}
		if _, ok := row[name]; !ok {
			row[name], pairs[name] = len(t.Rows), map[string][2]map[int64]float64{}
			t.Rows = append(t.Rows, report.Row{Name: name, Values: map[string]eval.Estimate{}})
		}
		t.Rows[row[name]].Seeds++
		for _, m := range from.Metrics {
			x, ok := s.Values[m.Key]
			y, too := other.Values[m.Key]
			if !ok || !too || !m.Plot {
				continue
			}
			if !slices.ContainsFunc(t.Metrics, func(o report.Metric) bool { return o.Key == m.Key+"_p" }) {
				add := func(suffix, name string, digits int) {
					t.Metrics = append(t.Metrics, report.Metric{Key: m.Key + suffix, Name: name, Digits: digits, Main: true})
				}
				add("_here", m.Name+" here", m.Digits)
				add("_there", m.Name+" there", m.Digits)
				add("_difference", "Δ "+m.Name, m.Digits)
				add("_p", "p", 3)
			}
			both, ok := pairs[name][m.Key]
			if !ok {
				both = [2]map[int64]float64{{}, {}}
				pairs[name][m.Key] = both
			}
			both[0][s.Seed], both[1][s.Seed] = x, y
		}
	})
	for i, r := range t.Rows {
		for key, both := range pairs[r.Name] {
			a, b := mean(both[0]), mean(both[1])
			r.Values[key+"_here"], r.Values[key+"_there"], r.Values[key+"_difference"] = eval.Alone(a, r.Seeds), eval.Alone(b, r.Seeds), eval.Alone(a-b, r.Seeds)
			if test, err := eval.Compare(both[1], both[0], 0.95); err == nil {
				t.Rows[i].Values[key+"_difference"], t.Rows[i].Values[key+"_p"] = test.Difference, eval.Alone(test.P, r.Seeds)
			}
		}
	}
	return t
}

// eachSeed visits the seeds of all cells that were measured.
func eachSeed(tables []report.Table, visit func(report.Table, report.Row, report.Seed)) {
	for _, t := range tables {
		for _, r := range t.Rows {
			for _, s := range r.BySeed {
				if s.Evaluation != "" {
					visit(t, r, s)
				}
			}
		}
	}
}
