package report

import (
	"fmt"
	"math"
)

// Verdict says what became of a claim about two cells.
type Verdict struct {
	Claim   string `json:"claim"`
	Metric  string `json:"metric"`
	Better  string `json:"better"` // names of the cells
	Worse   string `json:"worse"`
	Verdict string `json:"verdict"` // confirmed, refuted or undecided

	// Difference is that of the means, better less worse, with its 95 % interval and p-value where both cells have seeds enough.
	Difference Estimate `json:"difference,omitzero"`
	P          *float64 `json:"p,omitempty"`
	Seeds      [2]int   `json:"seeds"` // of better and worse
}

// Sentence is the verdict in words: claim, cells, size of the effect, p and number of seeds.
func (v Verdict) Sentence() string {
	s := fmt.Sprintf("The paper finds that %s (%s: %s better than %s): %s", v.Claim, v.Metric, v.Better, v.Worse, v.Verdict)
	if v.Difference.Known() {
		digits := 2
		if math.Abs(v.Difference.Mean) < 1 {
			digits = 4
		}
		s += fmt.Sprintf("; difference %+.*f", digits, v.Difference.Mean)
		if v.Difference.HasInterval() {
			s += fmt.Sprintf(" [%+.*f, %+.*f]", digits, v.Difference.Low, digits, v.Difference.High)
		}
	}
	if v.P != nil {
		p := fmt.Sprintf("p = %.3f", *v.P)
		if *v.P < 0.001 {
			p = "p < 0.001"
		}
		s += ", " + p
	}
	return s + fmt.Sprintf(", seeds %d and %d.", v.Seeds[0], v.Seeds[1])
}
