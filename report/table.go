package report

import (
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"slices"

	"github.com/addlab/addlab/eval"
)

// Which values of a metric are better; "" where neither is.
const (
	Lower  = "lower"
	Higher = "higher"
)

// What became of a claim.
const (
	Confirmed = "confirmed"
	Refuted   = "refuted"
	Smaller   = "smaller" // no direction is shown, but an advantage as large as the paper's is ruled out
	Undecided = "undecided"
)

// Metric is one kind of number in a table.
type Metric struct {
	Key    string `json:"key"`              // in maps and files for machines
	Name   string `json:"name"`             // in tables
	Better string `json:"better,omitempty"` // Lower or Higher
	Digits int    `json:"digits"`           // decimals, at least
	Whole  bool   `json:"whole,omitempty"`  // a count, without decimals
	Main   bool   `json:"main,omitempty"`   // in the printed table, else among the further numbers
	Plot   bool   `json:"plot,omitempty"`   // in figures
	Ratio  bool   `json:"ratio,omitempty"`  // cells may be many times one another: figures then have a logarithmic axis
	About  string `json:"about,omitempty"`  // a sentence for legends
}

func (m Metric) arrow() string {
	return map[string]string{Lower: "↓", Higher: "↑"}[m.Better]
}

// Row is one cell of an axis, or one reference to read the cells against. A number that was not measured has no key.
type Row struct {
	Name     string                   `json:"name"`
	Default  bool                     `json:"default,omitempty"` // the cell all axes share
	Seeds    int                      `json:"seeds"`             // runs that were tried
	Diverged int                      `json:"diverged,omitempty"`
	Images   int                      `json:"images"` // pictures per FID; an FID means nothing without it
	Values   map[string]eval.Estimate `json:"values,omitempty"`
	Paper    map[string]float64       `json:"paper,omitempty"`   // as published
	Tests    map[string]eval.Test     `json:"tests,omitempty"`   // of the difference from the cell that the table compares with
	Verdict  string                   `json:"verdict,omitempty"` // does it differ from that cell as the paper's does?
	Spread   map[string]float64       `json:"spread,omitempty"`  // standard deviation over subsets or splits; not the error of the value
	Note     string                   `json:"note,omitempty"`
	Machines string                   `json:"machines,omitempty"` // which seeds were trained on which processor or GPU
	BySeed   []Seed                   `json:"by_seed,omitempty"`  // what the means are made of
}

// Seed is what one seed gave.
type Seed struct {
	Seed   int64              `json:"seed"`
	Values map[string]float64 `json:"values"`

	// Hashes of the records behind the numbers, which name their folders.
	Run        string `json:"run,omitempty"` // of the training
	Evaluation string `json:"evaluation,omitempty"`
}

// AllDiverged reports whether r was run and no seed gave numbers.
func (r Row) AllDiverged() bool { return r.Seeds > 0 && r.Diverged == r.Seeds }

// SomeDiverged reports whether some seeds gave numbers and some did not: the mean of the others says too little for a test.
func (r Row) SomeDiverged() bool { return 0 < r.Diverged && r.Diverged < r.Seeds }

// Of gives a metric of the seeds that have it.
func (r Row) Of(metric string) map[int64]float64 {
	values := map[int64]float64{}
	for _, s := range r.BySeed {
		if v, ok := s.Values[metric]; ok {
			values[s.Seed] = v
		}
	}
	return values
}

// Verdict says what became of a claim about two cells.
type Verdict struct {
	Claim   string  `json:"claim"`
	Metric  string  `json:"metric"` // its key
	Better  string  `json:"better"` // names of the cells
	Worse   string  `json:"worse"`
	Factor  float64 `json:"factor,omitempty"` // the worse value must be so many times the better one
	Within  float64 `json:"within,omitempty"` // both must be the same: their ratio within 1 ± Within
	Verdict string  `json:"verdict"`          // Confirmed, Refuted, Smaller or Undecided

	// Test is of better − worse, or of worse − Factor × better. With Within its P is that of two one-sided tests (TOST), the larger of the
	// two; where they refute, that of the test that a bound is passed.
	Test  *eval.Test `json:"test,omitempty"`
	Seeds [2]int     `json:"seeds"` // of better and worse
}

// Measured reports whether both cells were run.
func (v Verdict) Measured() bool { return min(v.Seeds[0], v.Seeds[1]) > 0 }

// Table is one ablation axis with its measured cells and the references to read them against.
type Table struct {
	Axis       string    `json:"axis"`
	Title      string    `json:"title"`
	Ref        string    `json:"ref,omitempty"` // where the paper answers the question: "ADD Table 1d"
	Question   string    `json:"question,omitempty"`
	Data       string    `json:"data,omitempty"`    // name of the dataset
	Against    string    `json:"against,omitempty"` // cell that the others are compared with; "": the default cell
	Scale      string    `json:"scale,omitempty"`
	Changed    string    `json:"changed,omitempty"` // how the cells' common config differs from the scale's
	Engine     string    `json:"engine,omitempty"`
	Machines   string    `json:"machines,omitempty"`
	Commit     string    `json:"commit,omitempty"`
	Recipe     string    `json:"recipe,omitempty"` // versions of what was trained and measured: tables of others do not compare
	Metrics    []Metric  `json:"metrics"`
	Rows       []Row     `json:"rows"`
	References []Row     `json:"references"`
	Notes      []string  `json:"notes,omitempty"`
	Verdicts   []Verdict `json:"verdicts,omitempty"`   // on the paper's claims
	RowNoun    string    `json:"row_noun,omitempty"`   // what a row is: "cell", unless it is said
	Confidence float64   `json:"confidence,omitempty"` // of the intervals, 0.95 unless it is said
}

// ComparesWith reports whether r is the cell that the others are compared with.
func (t Table) ComparesWith(r Row) bool { return r.Name == t.Against || r.Default && t.Against == "" }

// Reference is the reference of a name, an empty row where there is none.
func (t Table) Reference(name string) Row {
	for _, r := range t.References {
		if r.Name == name {
			return r
		}
	}
	return Row{}
}

// Measured visits the seeds of all cells whose evaluation is known.
func (t Table) Measured() iter.Seq2[Row, Seed] {
	return func(yield func(Row, Seed) bool) {
		for _, r := range t.Rows {
			for _, s := range r.BySeed {
				if s.Evaluation != "" && !yield(r, s) {
					return
				}
			}
		}
	}
}

// Metric gives a metric by its key; one that the table does not have is named by its key.
func (t Table) Metric(key string) Metric {
	if i := slices.IndexFunc(t.Metrics, func(m Metric) bool { return m.Key == key }); i >= 0 {
		return t.Metrics[i]
	}
	return Metric{Key: key, Name: key}
}

func (t Table) heading() string { return cmp.Or(t.Title, t.Axis) }

func (t Table) rowNoun() string { return cmp.Or(t.RowNoun, "cell") }

func (t Table) all() []Row { return slices.Concat(t.Rows, t.References) }

// JSON writes t so that [ReadTable] gives it back.
func (t Table) JSON(w io.Writer) error {
	t.Rows, t.References = append([]Row{}, t.Rows...), append([]Row{}, t.References...) // no null
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(t)
}
