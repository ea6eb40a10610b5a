package metric

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
)

// Compute scores the generated sample. Its values are named as in Outputs; the first one holds the warnings.
func (m Metric) Compute(ctx context.Context, ref, gen Sample, o Options) ([]Value, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := Input{Options: o, Context: ctx, Gen: gen}
	if m.Needs.Reference {
		in.Ref = ref
	}
	if in.Confidence == 0 {
		in.Confidence = 0.95
	}
	if !(in.Confidence > 0 && in.Confidence < 1) {
		return nil, fmt.Errorf("metric: confidence = %v, want between 0 and 1, such as 0.95", o.Confidence)
	}
	var err error
	if in.Params, err = m.resolve(o.Params); err != nil {
		return nil, err
	}
	if err := m.check(in.Ref, gen, in.Params); err != nil {
		return nil, err
	}
	values, err := m.compute(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	for i := range values {
		values[i].Metric, values[i].Name, values[i].Lower = m.Name, m.Outputs[i].Name, m.Outputs[i].Lower
		values[i].Estimate.N, values[i].RefN = gen.N(), in.Ref.N()
	}
	if gen.N() == 0 {
		values[0].Warnings = append(values[0].Warnings, fmt.Sprintf("%s: the number of generated pictures is not known", m.Name))
	}
	values[0].Warnings = append(m.FewPictures(in.Ref, gen), values[0].Warnings...)
	return values, nil
}

// CheckParams refuses parameters that the metric lacks, or values below their least.
func (m Metric) CheckParams(given map[string]int) error {
	_, err := m.resolve(given)
	return err
}

func (m Metric) resolve(given map[string]int) (map[string]int, error) {
	params := make(map[string]int, len(m.Params))
	var known []string
	for _, p := range m.Params {
		params[p.Name] = p.Default
		known = append(known, p.Name)
		if v, ok := given[p.Name]; ok {
			if v < p.Min {
				return nil, fmt.Errorf("metric: %s.%s = %d, want ≥ %d", m.Name, p.Name, v, p.Min)
			}
			params[p.Name] = v
		}
	}
	for name := range given {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("metric: %s has no parameter %q, want one of: %s", m.Name, name, strings.Join(known, ", "))
		}
	}
	return params, nil
}

// FewPictures says why the number of pictures makes a score doubtful; Compute warns of it first.
func (m Metric) FewPictures(ref, gen Sample) []string {
	var list []string
	if n := gen.N(); 0 < n && n < m.Few {
		list = append(list, fmt.Sprintf("%s: only %d generated pictures: %s; published numbers use %d", m.Name, n, m.Bias, m.Usual))
	}
	if n := ref.N(); m.Needs.Reference && n > 0 && n < m.Few {
		list = append(list, fmt.Sprintf("%s: only %d reference pictures: %s", m.Name, n, m.Bias))
	}
	return list
}

// within is a value with its interval and the method behind it.
func within(e eval.Estimate, err error, how string) (Value, error) {
	if err != nil {
		return Value{}, err
	}
	if math.IsInf(e.Low, -1) && math.IsInf(e.High, 1) {
		how = ""
	}
	return Value{Estimate: e, Interval: how}, nil
}

// Sample holds the features of one set of pictures. Unknown fields are empty.
type Sample struct {
	Features eval.Features // [N,D]
	Stats    *eval.Stats   // of the features; taken from Features where nil
	Logits   eval.Features // [N,classes]
	Captions eval.Features // [N,D]: row i is the embedding of picture i's caption
}

// N is the number of pictures; 0 where only statistics without a number are known.
func (s Sample) N() int {
	switch {
	case s.Features.N > 0:
		return s.Features.N
	case s.Logits.N > 0:
		return s.Logits.N
	case s.Stats != nil:
		return s.Stats.N
	}
	return 0
}

// side is what the Fréchet distance compares: given statistics, or else the features.
func (s Sample) side() eval.Side {
	if s.Stats != nil {
		return *s.Stats
	}
	return s.Features
}

// missing names what a metric needs and the sample lacks; "" if nothing.
func (s Sample) missing(n Needs, generated bool) string {
	statistics := n.RefStatistics
	if generated {
		statistics = n.GenStatistics
	}
	switch {
	case generated && n.Logits:
		if s.Logits.N == 0 {
			return "class logits"
		}
		return ""
	case s.Features.N == 0 && !(statistics && s.Stats != nil):
		if statistics {
			return "features or statistics"
		}
		return "features"
	case generated && n.Captions && s.Captions.N == 0:
		return "captions"
	}
	return ""
}

// Check checks the parameters, which parts the samples have, and their N, not the data.
func (m Metric) Check(ref, gen Sample, params map[string]int) error {
	resolved, err := m.resolve(params)
	if err != nil {
		return err
	}
	return m.check(ref, gen, resolved)
}

func (m Metric) check(ref, gen Sample, params map[string]int) error {
	leastRef, leastGen, why := 0, 0, ""
	if m.least != nil {
		leastRef, leastGen = m.least(params)
		var values []string
		for _, p := range m.Params {
			values = append(values, fmt.Sprintf("%s = %d", p.Name, params[p.Name]))
		}
		why = " for " + strings.Join(values, ", ")
	}
	leastRef, leastGen = max(leastRef, min(m.Least, 2)), max(leastGen, m.Least)
	if m.Needs.Reference {
		if what := ref.missing(m.Needs, false); what != "" {
			return fmt.Errorf("metric: %s: the reference has no %s, want them", m.Name, what)
		}
		if n := ref.N(); 0 < n && n < leastRef {
			return fmt.Errorf("metric: %s: reference pictures = %d, want ≥ %d%s", m.Name, n, leastRef, why)
		}
	}
	if what := gen.missing(m.Needs, true); what != "" {
		return fmt.Errorf("metric: %s: the generated pictures have no %s, want them", m.Name, what)
	}
	if n := gen.N(); n < leastGen && !(n == 0 && m.Needs.GenStatistics) {
		return fmt.Errorf("metric: %s: generated pictures = %d, want ≥ %d%s", m.Name, n, leastGen, why)
	}
	return nil
}
