package ablations

// Metrics that a Claim can be about.
const (
	FID  = "FID"
	CLIP = "CLIP"
)

// Claim is a sentence of the paper about two cells of an axis.
//
// As it stands it says that one is better than the other. With Factor it says that the FID of the worse one is at least so many times
// the better one's: a collapse. With Within it says that both are the same: their ratio is within 1 ± Within, which two one-sided tests
// must show (Schuirmann 1987); then the names have no order.
type Claim struct {
	Text          string
	Metric        string // FID or CLIP
	Better, Worse string // names of cells
	Factor        float64
	Within        float64
	Paired        bool // both cells sample from the same students, so that seeds are compared one by one
}

// What the project takes for a collapse and for the same, where the paper's words leave it open: the paper's collapsed cells have 14
// times the default's FID, and its cells that it calls similar differ by 0.2 of 20.6 in FID and .004 of .319 in CLIP score.
const (
	collapseFactor = 3
	closeFID       = 0.1
	closeCLIP      = 0.02
)
