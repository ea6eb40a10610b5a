package report

import "github.com/addlab/addlab/eval"

// Verdict says what became of a claim about two cells.
type Verdict struct {
	Claim   string  `json:"claim"`
	Metric  string  `json:"metric"` // its key
	Better  string  `json:"better"` // names of the cells
	Worse   string  `json:"worse"`
	Factor  float64 `json:"factor,omitempty"` // the worse value must be so many times the better one
	Within  float64 `json:"within,omitempty"` // both must be the same: their ratio within 1 ± Within
	Verdict string  `json:"verdict"`          // Confirmed, Refuted or Undecided

	// Test is of better − worse, or of worse − Factor × better. With Within its P is that of two one-sided tests (TOST), the larger of the
	// two; where they refute, that of the test that a bound is passed.
	Test  *eval.Test `json:"test,omitempty"`
	Seeds [2]int     `json:"seeds"` // of better and worse
}
