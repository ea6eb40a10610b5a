package report

import (
	"fmt"
	"math"
)

// What can become of a claim, besides Undecided.
const (
	Confirmed = "confirmed"
	Refuted   = "refuted"
)

// Verdict says what became of a claim about two cells.
type Verdict struct {
	Claim   string  `json:"claim"`
	Metric  string  `json:"metric"`
	Better  string  `json:"better"` // names of the cells
	Worse   string  `json:"worse"`
	Factor  float64 `json:"factor,omitempty"` // the worse value must be so many times the better one's
	Within  float64 `json:"within,omitempty"` // both must be the same: their ratio within 1 ± Within
	Paired  bool    `json:"paired,omitempty"` // compared seed by seed
	Verdict string  `json:"verdict"`          // confirmed, refuted or undecided

	// Difference is that of the means, better less worse, with its 95 % interval where both cells have seeds enough; Effect is Hedges' g,
	// the difference in standard deviations within the cells. P is that of the test that decided, or of the claim's own where nothing is.
	Difference Estimate `json:"difference,omitzero"`
	Effect     *float64 `json:"effect,omitempty"`
	P          *float64 `json:"p,omitempty"`
	Seeds      [2]int   `json:"seeds"` // of better and worse
}

// relation says what is claimed of the two cells.
func (v Verdict) relation() string {
	switch {
	case v.Within > 0:
		return fmt.Sprintf("%s within %.3g %% of %s", v.Better, 100*v.Within, v.Worse)
	case v.Factor > 0:
		return fmt.Sprintf("%s at least %.3g times %s", v.Worse, v.Factor, v.Better)
	}
	return fmt.Sprintf("%s better than %s", v.Better, v.Worse)
}

// Sentence is the verdict in words: claim, cells, size of the effect, p and number of seeds.
func (v Verdict) Sentence() string {
	s := fmt.Sprintf("The paper finds that %s (%s: %s): %s", v.Claim, v.Metric, v.relation(), v.Verdict)
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
	if v.Effect != nil {
		s += fmt.Sprintf(", Hedges' g %+.2f", *v.Effect)
	}
	if v.P != nil {
		s += ", " + FormatP(*v.P)
	}
	return s + fmt.Sprintf(", seeds %d and %d.", v.Seeds[0], v.Seeds[1])
}

// FormatP writes "p = 0.012", or "p < 0.001".
func FormatP(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return "p = " + shortP(p)
}

func shortP(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}
