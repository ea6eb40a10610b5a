package metric

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/internal/named"
)

// Metric is a way to score pictures.
type Metric struct {
	Name   string // as typed: "fid", "pr"
	Title  string // one line for people, without the name
	Source string // the paper, as "Heusel et al. 2017"

	Outputs   []Output // what Compute returns, in this order
	Extractor string   // default kind of package extractor
	Instead   string   // the metric that this one is called on the features of Extractor, and of no other; "" for none
	Family    string   // how the kinds begin of whose features the name speaks; "" for all
	Needs     Needs
	Params    []Param

	Usual int    // generated pictures behind published numbers
	Least int    // fewest generated pictures for which there is a number, whatever the parameters
	Few   int    // Compute warns below it
	Bias  string // why few pictures mislead: the text of the warning

	least   func(params map[string]int) (ref, gen int) // fewest pictures that the parameters allow; nil where they allow any number
	compute func(in Input) ([]Value, error)
}

// Output names one number of a metric.
type Output struct {
	Name  string // in tables and JSON: "precision"
	Lower bool   // lower is better
}

// Needs says what a metric uses of the two samples.
type Needs struct {
	Reference     bool // real pictures; without it the reference is ignored
	RefStatistics bool // mean and covariance of the real pictures will do in place of their features
	GenStatistics bool // the same of the generated pictures
	Logits        bool // class logits of the generated pictures instead of their features
	Captions      bool // embeddings of the captions, beside the generated pictures' features
}

// Param is an integer that a user may change.
type Param struct {
	Name    string // as typed after the metric's name: "k" in "pr.k=5"
	Default int
	Min     int
	About   string
}

// Value is one number with its interval, if known.
type Value struct {
	Metric   string        `json:"metric"`
	Name     string        `json:"name"`
	Estimate eval.Estimate `json:"estimate"` // N counts generated pictures, even where Interval is over RefN; bounds are infinite (null) where no interval is known
	Lower    bool          `json:"lower_is_better"`
	Interval string        `json:"interval,omitempty"` // how the interval was found; empty where there is none
	Spread   *float64      `json:"spread,omitempty"`   // standard deviation over subsets or splits, as the reference tools print it; not the error of the mean
	SpreadOf string        `json:"spread_of,omitempty"`
	RefN     int           `json:"reference_n,omitempty"` // real pictures; 0 where unknown or not used
	StdErr   float64       `json:"-"`                     // of the mean of PerImage
	PerImage []float64     `json:"-"`                     // values of the generated pictures in order, for paired differences, where the metric is their mean
	Warnings []string      `json:"warnings,omitempty"`    // of the metric, once on its first value
}

// Options apply to all metrics.
type Options struct {
	Seed       int64
	Confidence float64        // of the intervals; 0 for 0.95
	Params     map[string]int // by Param.Name, for this metric; others keep their default
	NoInterval bool           // leave out intervals that cost further computations of the metric
}

// Input is what a metric's compute sees: checked samples and resolved options.
type Input struct {
	Options                  // with a value for each parameter
	Context  context.Context // ends long computations
	Ref, Gen Sample
}

var metrics []Metric // by name

// register adds a metric, while the package starts.
func register(m Metric) Metric {
	metrics = named.Insert(metrics, m, Metric.name)
	return m
}

func (m Metric) name() string { return m.Name }

// All lists the metrics by name.
func All() []Metric { return slices.Clone(metrics) }

// ByName finds a metric; an error lists the known names.
func ByName(name string) (Metric, error) { return named.Find("metric", name, metrics, Metric.name) }

// With is the name that this metric has on an extractor's features: of EfficientNet-Lite0's, FID is FD-EfficientNet-Lite0.
func (m Metric) With(extractor string) Metric {
	i := slices.IndexFunc(metrics, func(other Metric) bool { return other.Instead == m.Name && other.Extractor == extractor })
	if i < 0 {
		return m
	}
	return metrics[i]
}

// Fits refuses the features of an extractor of which the metric's name does not speak: FD-DINOv2 is of DINOv2's.
func (m Metric) Fits(extractor string) error {
	want, other, fits := m.Family+"*", FID.Name, strings.HasPrefix(extractor, m.Family)
	if m.Instead != "" {
		want, other, fits = m.Extractor, m.Instead, extractor == m.Extractor
	}
	if fits {
		return nil
	}
	return fmt.Errorf("metric: %s is on the features of %s, want %s on those of %s", m.Name, want, other, extractor)
}
