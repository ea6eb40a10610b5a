package ablations

// Keys of the metrics that a Paper or a Claim can be about.
const (
	FID  = "fid"
	CLIP = "clip"
)

// Paper holds a cell's published numbers by the key of their metric: Paper{FID: 20.6, CLIP: .319}.
type Paper map[string]float64

// Claim is a sentence of the paper about two cells of an axis.
//
// As it stands it says that one is better than the other. With Factor it says that the worse value is at least so many times the better
// one. With Within it says that both are the same: their ratio is within 1 ± Within, and the names have no order.
type Claim struct {
	Text          string
	Metric        string // FID or CLIP
	Better, Worse string // names of cells
	Factor        float64
	Within        float64
}

// What "far worse" and "close" mean where the paper gives no bound. Its far worse cells have 14 times the default's FID. Its close cells
// differ by 0.2 of 20.6 in FID and .004 of .319 in CLIP score.
const (
	farWorse  = 3
	closeFID  = 0.1
	closeCLIP = 0.02
)
