package report

import "math"

// What a Row's Direction says: does this cell differ from the default the way the paper's cell does?
const (
	Agrees    = "agrees"
	Differs   = "differs"
	Undecided = "undecided"
)

// Estimate is a mean over N seeds (or images) with its 95 % interval [Low, High].
// Low == High == Mean says that no interval is known. The zero Estimate says that nothing was measured, and a mean that is
// not finite says that the measurement gave no number.
type Estimate struct {
	Mean, Low, High float64
	N               int
}

// Known reports whether e holds a finite, measured mean.
func (e Estimate) Known() bool { return e != Estimate{} && finite(e.Mean) }

// HasInterval reports whether e holds a mean and an interval around it.
func (e Estimate) HasInterval() bool {
	return e.Known() && finite(e.Low) && finite(e.High) && e.Low < e.High
}

// Score is a published pair of numbers; one that is 0 or NaN was not published.
type Score struct{ FID, CLIP float64 }

// Row is one cell of an axis, or one reference to read the cells against.
type Row struct {
	Name      string   `json:"name"`
	Default   bool     `json:"default,omitempty"` // the cell all axes share
	Seeds     int      `json:"seeds"`             // runs that were tried
	Images    int      `json:"images"`            // pictures per FID; an FID means nothing without it
	FID       Estimate `json:"fid,omitzero"`      // ↓
	CLIP      Estimate `json:"clip,omitzero"`     // ↑
	Align     Estimate `json:"align,omitzero"`    // ↑ share of attributes drawn as the caption says
	Paper     *Score   `json:"paper,omitempty"`   // the published cell
	Direction string   `json:"direction,omitempty"`
	Note      string   `json:"note,omitempty"`

	// What stands in files for machines and on the page, and would crowd the printed table. P tells whether the row differs from the
	// default cell (Welch's test over seeds, not corrected for the number of rows); rows that share a letter of a group do not differ.
	PFID      *float64 `json:"p_fid,omitempty"`
	PCLIP     *float64 `json:"p_clip,omitempty"`
	GroupFID  string   `json:"group_fid,omitempty"`
	GroupCLIP string   `json:"group_clip,omitempty"`
	Novel     Estimate `json:"align_novel,omitzero"` // ↑ align on compositions that training never saw
	Precision Estimate `json:"precision,omitzero"`   // ↑
	Recall    Estimate `json:"recall,omitzero"`      // ↑
	Density   Estimate `json:"density,omitzero"`     // ↑
	Coverage  Estimate `json:"coverage,omitzero"`    // ↑
	Imbalance Estimate `json:"imbalance,omitzero"`   // ↓ how far what captions leave open is spread otherwise than in real pictures

	// PFurther is the P of numbers beside FID and CLIP score, by the key of their [FurtherMetric].
	PFurther map[string]float64 `json:"p_further,omitempty"`

	// Machines says which seeds were trained on which processor or GPU.
	Machines string `json:"machines,omitempty"`

	// BySeed holds what the means are made of.
	BySeed []SeedScore `json:"by_seed,omitempty"`
}

// SeedScore is what one seed gave.
type SeedScore struct {
	Seed int64   `json:"seed"`
	FID  float64 `json:"fid"`
	CLIP float64 `json:"clip"`

	// Further holds the other numbers that were measured, by the key of their [FurtherMetric].
	Further map[string]float64 `json:"further,omitempty"`

	// Hashes of the records behind the numbers, which name their folders.
	Run        string `json:"run,omitempty"` // of the training
	Evaluation string `json:"evaluation,omitempty"`
}

// Collapsed reports whether r was run and no finite FID came out.
func (r Row) Collapsed() bool { return !finite(r.FID.Mean) && (r.Seeds > 0 || r.FID.N > 0) }

// Table is one ablation axis with its measured cells and the references to read them against.
type Table struct {
	Axis       string   `json:"axis"`
	Title      string   `json:"title"`
	Ref        string   `json:"ref,omitempty"` // where the paper answers the question: "ADD Table 1d"
	Question   string   `json:"question,omitempty"`
	Data       string   `json:"data,omitempty"`    // name of the dataset
	Against    string   `json:"against,omitempty"` // cell that the others are compared with; "": the default cell
	Scale      string   `json:"scale,omitempty"`
	Changed    string   `json:"changed,omitempty"` // how the cells' common config differs from the scale's
	Engine     string   `json:"engine,omitempty"`
	Machines   string   `json:"machines,omitempty"`
	Commit     string   `json:"commit,omitempty"`
	Recipe     string   `json:"recipe,omitempty"` // versions of what was trained and measured: tables of others do not compare
	Rows       []Row    `json:"rows"`
	References []Row    `json:"references"` // real against real, the teacher at 25 steps and at one, the student at two and four
	Notes      []string `json:"notes,omitempty"`

	Verdicts []Verdict `json:"verdicts,omitempty"` // on the paper's claims; their sentences stand among the notes
}

// comparesWith tells the cell that the others are compared with.
func (t Table) comparesWith(r Row) bool { return r.Name == t.Against || r.Default && t.Against == "" }

// heading is the title, or the axis where there is no title.
func (t Table) heading() string {
	if t.Title != "" {
		return t.Title
	}
	return t.Axis
}

// all returns cells and references in one list.
func (t Table) all() []Row {
	return append(append(make([]Row, 0, len(t.Rows)+len(t.References)), t.Rows...), t.References...)
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func published(x float64) bool { return finite(x) && x != 0 }

func hasPaper(r Row) bool {
	return r.Paper != nil && (published(r.Paper.FID) || published(r.Paper.CLIP))
}
