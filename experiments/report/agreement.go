package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/atomicfile"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/report"
)

func compare(results, beside string, there []report.Table, stdout io.Writer) error {
	here, err := report.Tables(results)
	if err != nil {
		return err
	}
	t := agreement(here, there)
	t.Title = fmt.Sprintf("The same cells and seeds in %s and in %s", filepath.ToSlash(results), filepath.ToSlash(beside))
	path := filepath.Join(results, "agreement.md")
	if err := atomicfile.Write(path, t.Markdown); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "wrote %s\n\n", path)
	return t.Markdown(stdout)
}

// agreement compares the runs that both lists of tables have, seed by seed: those of one evaluation hash have equal configs and seeds,
// whatever computed them. A cell that stands in several tables counts once.
func agreement(here, there []report.Table) report.Table {
	t := report.Table{Notes: []string{"Δ: here less there, with the interval and p of a paired t-test over seeds, not corrected for the number of cells. One seed has no test."}}
	known := map[string]report.Seed{}
	for _, table := range there {
		for _, s := range table.Measured() {
			known[s.Evaluation] = s
		}
	}
	scales, images := map[string]bool{}, map[int]bool{}
	for _, table := range here {
		for r, s := range table.Measured() {
			if _, ok := known[s.Evaluation]; ok {
				scales[table.Scale], images[r.Images] = true, true
			}
		}
	}
	var metrics []report.Metric
	var others []report.Row // of the rows, there
	at := map[string]int{}
	for _, table := range here {
		for _, m := range table.Metrics {
			if m.Plot && !slices.ContainsFunc(metrics, func(o report.Metric) bool { return o.Key == m.Key }) {
				metrics = append(metrics, m)
			}
		}
		for r, s := range table.Measured() {
			other, ok := known[s.Evaluation]
			if !ok {
				continue
			}
			delete(known, s.Evaluation)
			name := table.Axis + ": " + r.Name
			if r.Default {
				name = "default cell"
			}
			var of []string // cells of one name in tables of other configs
			if len(scales) > 1 {
				of = append(of, "scale "+table.Scale)
			}
			if len(images) > 1 {
				of = append(of, fold.Count(r.Images, "picture"))
			}
			if table.Changed != "" {
				of = append(of, table.Changed)
			}
			if of != nil {
				name += " (" + strings.Join(of, ", ") + ")"
			}
			i, ok := at[name]
			if !ok {
				i = len(t.Rows)
				at[name], others = i, append(others, report.Row{})
				t.Rows = append(t.Rows, report.Row{Name: name, Values: map[string]eval.Estimate{}})
			}
			other.Seed = s.Seed
			t.Rows[i].Seeds++
			t.Rows[i].BySeed, others[i].BySeed = append(t.Rows[i].BySeed, s), append(others[i].BySeed, other)
		}
	}
	for _, m := range metrics {
		t.Metrics = append(t.Metrics,
			report.Metric{Key: m.Key + "_here", Name: m.Name + " here", Digits: m.Digits, Main: true},
			report.Metric{Key: m.Key + "_there", Name: m.Name + " there", Digits: m.Digits, Main: true},
			report.Metric{Key: m.Key + "_difference", Name: "Δ " + m.Name, Digits: m.Digits, Main: true},
			report.Metric{Key: m.Key + "_p", Name: "p", Digits: 3, Main: true})
		for i, r := range t.Rows {
			x, y := r.Of(m.Key), others[i].Of(m.Key)
			maps.DeleteFunc(x, func(seed int64, _ float64) bool { _, ok := y[seed]; return !ok })
			maps.DeleteFunc(y, func(seed int64, _ float64) bool { _, ok := x[seed]; return !ok })
			if len(x) == 0 {
				continue
			}
			r.Values[m.Key+"_here"], r.Values[m.Key+"_there"] = eval.Alone(mean(x), len(x)), eval.Alone(mean(y), len(y))
			r.Values[m.Key+"_difference"] = eval.Alone(mean(x)-mean(y), len(x))
			if test, err := eval.Compare(y, x, 0.95); err == nil {
				r.Values[m.Key+"_difference"], r.Values[m.Key+"_p"] = test.Difference, eval.Alone(test.P, len(x))
			}
		}
	}
	return t
}

// mean does not depend on the order of a map.
func mean(values map[int64]float64) (sum float64) {
	for _, seed := range slices.Sorted(maps.Keys(values)) {
		sum += values[seed]
	}
	return sum / float64(len(values))
}
