package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/report"
)

// result is what --json prints.
type result struct {
	Reference  *resultSet      `json:"reference,omitempty"`
	Generated  []resultSet     `json:"generated"`
	Extractors []usedExtractor `json:"extractors"`
	Engine     string          `json:"engine,omitempty"`
	Seed       int64           `json:"seed"`
	Confidence float64         `json:"confidence"`
	Seeds      []metric.Value  `json:"mean_over_seeds,omitempty"`
	Paired     []paired        `json:"paired_differences,omitempty"`
	Warnings   []string        `json:"warnings"`
	Failed     []string        `json:"failed,omitempty"`
}

type resultSet struct {
	Name      string         `json:"name"`
	Kind      string         `json:"kind"`
	Pictures  int            `json:"pictures"` // 0 where not known
	Extracted int            `json:"extracted"`
	Cached    int            `json:"cached"`
	Faults    []string       `json:"left_out,omitempty"`
	Values    []metric.Value `json:"values,omitempty"`
}

func (e *evaluation) result() (result, error) {
	r := result{Seed: e.seed, Confidence: e.confidence, Warnings: append([]string{}, e.warnings...)}
	if e.engine != nil {
		r.Engine = e.engine.Name + " " + e.engine.Version
	}
	if in := e.reference(); in != nil {
		s := e.describe(*in)
		r.Reference = &s
	}
	for _, in := range e.generated() {
		r.Generated = append(r.Generated, e.describe(in))
	}
	for _, err := range e.failed {
		r.Failed = append(r.Failed, err.Error())
	}
	for _, used := range e.used {
		used.Metrics = slices.DeleteFunc(slices.Clone(used.Metrics), func(name string) bool { return !e.done(name) })
		if len(used.Metrics) == 0 {
			continue
		}
		r.Extractors = append(r.Extractors, used)
		for _, name := range used.Metrics {
			sets := e.values[name]
			for j := range sets[0].values {
				var column []metric.Value
				for i, s := range sets {
					column = append(column, s.values[j])
					r.Generated[i].Values = append(r.Generated[i].Values, s.values[j])
				}
				if e.asSeeds {
					mean, err := overSeeds(column, e.confidence)
					if err != nil {
						return r, err
					}
					r.Seeds = append(r.Seeds, mean)
				}
				p, err := e.pairs(sets, j)
				if err != nil {
					return r, err
				}
				r.Paired = append(r.Paired, p...)
			}
		}
	}
	return r, nil
}

// done tells metrics that every set has a number of.
func (e *evaluation) done(metric string) bool { return len(e.values[metric]) == len(e.generated()) }

func (e *evaluation) describe(in input) resultSet {
	set := e.seen[in.set.Name]
	set.Name, set.Kind = in.spec, in.set.Kind
	return set
}

// overSeeds is the mean of a metric over sets that are seeds of one system, with Student's interval.
func overSeeds(column []metric.Value, confidence float64) (metric.Value, error) {
	var xs []float64
	for _, v := range column {
		xs = append(xs, v.Estimate.Mean)
	}
	mean, err := eval.TInterval(xs, confidence)
	v := column[0]
	return metric.Value{Metric: v.Metric, Name: v.Name, Lower: v.Lower, Estimate: mean, Interval: fmt.Sprintf("Student's over %d seeds", len(xs)), RefN: v.RefN}, err
}

func (e *evaluation) show(stdout io.Writer) error {
	r, err := e.result()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	t := e.table(r)
	switch e.format {
	case "json":
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	case "markdown":
		err = t.Markdown(&b)
	case "csv":
		err = r.csv(&b)
	case "latex":
		err = t.LaTeX(&b)
	default:
		err = t.Plain(&b)
	}
	if err != nil {
		return err
	}
	if e.out != "" {
		if err := record.WriteFile(e.out, b.Bytes()); err != nil {
			return err
		}
		e.notef("wrote %s", e.out)
		return nil
	}
	_, err = stdout.Write(b.Bytes())
	return err
}

// csv writes one line for each system and metric at full precision, then the mean over seeds and paired differences; a number that does
// not exist is an empty field.
func (r result) csv(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"system", "metric", "lower_is_better", "value", "low", "high", "spread", "images"})
	number := func(x float64) string {
		if math.IsInf(x, 0) || math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	line := func(system string, pictures int, v metric.Value) {
		spread, images := "", ""
		if v.Spread != nil {
			spread = number(*v.Spread)
		}
		if pictures > 0 {
			images = strconv.Itoa(pictures)
		}
		c.Write([]string{system, v.Name, strconv.FormatBool(v.Lower), number(v.Estimate.Mean), number(v.Estimate.Low), number(v.Estimate.High), spread, images})
	}
	lower := map[string]bool{}
	for _, s := range r.Generated {
		for _, v := range s.Values {
			lower[v.Name] = v.Lower
			line(s.Name, s.Pictures, v)
		}
	}
	for _, v := range r.Seeds {
		line(r.mean(), 0, v)
	}
	for _, p := range r.Paired {
		line(p.First+" less "+p.Second, p.Difference.N, metric.Value{Name: p.Metric, Lower: lower[p.Metric], Estimate: p.Difference})
	}
	c.Flush()
	return c.Error()
}

// mean names the row of r.Seeds.
func (r result) mean() string { return fmt.Sprintf("mean of %d seeds", len(r.Generated)) }

// table has a row for each set, and one for their mean where they are seeds.
func (e *evaluation) table(r result) report.Table {
	t := report.Table{Title: "Generated pictures", RowNoun: "system", Confidence: e.confidence}
	if r.Reference != nil {
		t.Title = "Against " + filepath.Base(filepath.Clean(r.Reference.Name))
		if r.Reference.Pictures > 0 {
			t.Title += fmt.Sprintf(" (%d pictures)", r.Reference.Pictures)
		}
	}
	for _, v := range r.Generated[0].Values {
		m := report.Metric{Key: v.Name, Name: v.Name, Better: report.Higher, Digits: 3, Main: true}
		if v.Lower {
			m.Better = report.Lower
		}
		t.Metrics = append(t.Metrics, m)
	}
	for _, s := range r.Generated {
		t.Rows = append(t.Rows, row(s.Name, s.Pictures, s.Values))
	}
	if r.Seeds != nil {
		t.Rows = append(t.Rows, row(r.mean(), 0, r.Seeds))
	}
	for _, p := range r.Paired {
		t.Notes = append(t.Notes, fmt.Sprintf("%s: %s less %s, picture by picture over %d: %+.4f [%+.4f, %+.4f].", p.Metric, p.First, p.Second, p.Difference.N, p.Difference.Mean, p.Difference.Low, p.Difference.High))
	}
	for _, failed := range r.Failed {
		t.Notes = append(t.Notes, "Failed: "+failed+".")
	}
	few := func(s resultSet) bool { return 0 < s.Pictures && s.Pictures < 1000 }
	if r.Reference != nil && few(*r.Reference) || slices.ContainsFunc(r.Generated, few) {
		t.Notes = append(t.Notes, "Fewer than 1,000 pictures: numbers are biased or of wide spread. Compare equal numbers of pictures only.")
	}
	for _, used := range r.Extractors {
		if used.Name != "" {
			t.Notes = append(t.Notes, fmt.Sprintf("Features of %s: %s.", used.Kind, used.Name))
		}
	}
	return t
}

// row holds the values of a system; those of given statistics do not say of how many pictures.
func row(name string, pictures int, values []metric.Value) report.Row {
	r := report.Row{Name: name, Images: pictures, Values: map[string]eval.Estimate{}, Spread: map[string]float64{}}
	for _, v := range values {
		v.Estimate.N = max(v.Estimate.N, 1)
		r.Values[v.Name] = v.Estimate
		if v.Spread != nil {
			r.Spread[v.Name] = *v.Spread
		}
	}
	return r
}
