package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/features"
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
}

type resultSet struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`
	Pictures  int           `json:"pictures"` // 0 where not known
	Extracted int           `json:"extracted"`
	Cached    int           `json:"cached"`
	Faults    []string      `json:"left_out,omitempty"`
	Values    []rankedValue `json:"values,omitempty"`
}

// rankedValue has a rank where several sets are compared and its interval is known.
type rankedValue struct {
	metric.Value
	Rank int `json:"rank,omitempty"`
}

// result puts together what was measured.
func (e *evaluation) result() (result, error) {
	r := result{Extractors: e.used, Seed: e.seed, Confidence: e.confidence, Warnings: append([]string{}, e.warnings...)}
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
	for _, used := range e.used {
		for _, name := range used.Metrics {
			sets := e.values[name]
			for j := range sets[0].values {
				var column []metric.Value
				for _, s := range sets {
					column = append(column, s.values[j])
				}
				for i, rank := range features.Ranks(column) {
					if len(sets) == 1 {
						rank = 0
					}
					r.Generated[i].Values = append(r.Generated[i].Values, rankedValue{column[i], rank})
				}
				if e.asSeeds && len(sets) > 1 {
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

func (e *evaluation) describe(in input) resultSet {
	if in.precomputed != nil {
		return resultSet{Name: in.spec, Kind: in.kind(), Pictures: in.precomputed.N()}
	}
	c := e.counts[in.set.Name]
	return resultSet{Name: in.spec, Kind: in.kind(), Pictures: c.pictures, Extracted: c.extracted, Cached: c.cached, Faults: c.faults}
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

// show prints or writes the result in the form asked for.
func (e *evaluation) show(stdout io.Writer) error {
	r, err := e.result()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	c := e.comparison(r)
	switch e.format {
	case "json":
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(r)
	case "markdown":
		err = c.Markdown(&b)
	case "csv":
		err = c.CSV(&b)
	case "latex":
		err = c.LaTeX(&b)
	default:
		err = c.Plain(&b)
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

// comparison is the table of the result.
func (e *evaluation) comparison(r result) report.Comparison {
	c := report.Comparison{Title: "Generated pictures"}
	if r.Reference != nil {
		c.Title = "Against " + filepath.Base(filepath.Clean(r.Reference.Name))
		if r.Reference.Pictures > 0 {
			c.Title += fmt.Sprintf(" (%d pictures)", r.Reference.Pictures)
		}
	}
	for _, v := range r.Generated[0].Values {
		c.Metrics = append(c.Metrics, report.Measure{Name: v.Name, Lower: v.Lower})
	}
	for _, s := range r.Generated {
		system := report.System{Name: s.Name, Images: s.Pictures}
		for _, v := range s.Values {
			system.Scores = append(system.Scores, scored(v.Value, v.Rank))
		}
		c.Systems = append(c.Systems, system)
	}
	if r.Seeds != nil {
		mean := report.System{Name: fmt.Sprintf("mean of %d seeds", len(r.Generated))}
		for _, v := range r.Seeds {
			mean.Scores = append(mean.Scores, scored(v, 0))
		}
		c.Systems = append(c.Systems, mean)
	}
	for _, p := range r.Paired {
		c.Notes = append(c.Notes, fmt.Sprintf("%s: %s less %s, picture by picture over %d: %+.4f [%+.4f, %+.4f].", p.Metric, p.First, p.Second, p.Difference.N, p.Difference.Mean, p.Difference.Low, p.Difference.High))
	}
	for _, used := range r.Extractors {
		if used.Name != "" {
			c.Notes = append(c.Notes, fmt.Sprintf("Features of %s: %s.", used.Kind, used.Name))
		}
	}
	c.Notes = append(c.Notes, fmt.Sprintf("Intervals at %g %%.", 100*e.confidence))
	return c
}

func scored(v metric.Value, rank int) report.Scored {
	s := report.Scored{Estimate: report.Estimate{Mean: v.Estimate.Mean, Low: v.Estimate.Low, High: v.Estimate.High, N: max(v.Estimate.N, 1)}, Spread: math.NaN(), Rank: rank}
	if math.IsInf(s.Low, 0) || math.IsInf(s.High, 0) {
		s.Low, s.High = s.Mean, s.Mean
	}
	if v.Spread != nil {
		s.Spread = *v.Spread
	}
	return s
}
