package protocol

import (
	"fmt"

	"github.com/addlab/addlab/dataset"
)

// Setup is the protocol of an evaluation: equal setups make numbers comparable.
type Setup struct {
	First    int     `json:"first,omitempty"` // number of the first held-out caption
	Images   int     `json:"images"`          // generated pictures, one per held-out caption
	Seed     int64   `json:"seed"`            // of the noise, the same for every model
	Batch    int     `json:"batch"`           // pictures per pass
	Blocks   int     `json:"blocks"`          // of the jackknife behind FID's interval
	Guidance float64 `json:"guidance"`        // of the teacher where it is guided
}

// DefaultSetup is the protocol of a scale.
func DefaultSetup(scale string) Setup {
	s := Setup{Images: 5000, Seed: 1234, Batch: 100, Blocks: 20, Guidance: 2}
	switch scale {
	case "smoke":
		s.Images, s.Batch, s.Blocks = 16, 16, 8
	case "paper":
		s.Guidance = 7.5
	}
	return s
}

// Within is the setup with at most so many pictures, and half of what a dataset holds out.
func (s Setup) Within(images int, data dataset.Dataset) Setup {
	s.Images = min(s.Images, images, data.Heldout().Len()/2)
	s.Blocks = min(s.Blocks, s.Images/2)
	return s
}

// Validate tells which field cannot work.
func (s Setup) Validate() error {
	if s.First < 0 {
		return fmt.Errorf("protocol: first = %d, want ≥ 0", s.First)
	}
	if s.Images < 2 || s.Batch < 1 {
		return fmt.Errorf("protocol: images = %d, batch = %d, want ≥ 2 and ≥ 1", s.Images, s.Batch)
	}
	if s.Blocks < 2 || s.Blocks > s.Images/2 {
		return fmt.Errorf("protocol: blocks = %d, want 2 to %d: two of images = %d in each at least", s.Blocks, s.Images/2, s.Images)
	}
	return nil
}

// Metrics are the numbers of one model under a Setup. Intervals are at 95 %.
type Metrics struct {
	Images  int     `json:"images"`
	FID     float64 `json:"fid"`
	FIDLow  float64 `json:"fid_low"`
	FIDHigh float64 `json:"fid_high"`

	CLIP       float64 `json:"clip"` // mean cosine of picture and caption; 0 where no pair scores it
	CLIPStdErr float64 `json:"clip_stderr"`

	// Alignment exists where the data knows what its captions state.
	Align       *float64 `json:"align,omitempty"`
	AlignStdErr *float64 `json:"align_stderr,omitempty"`
	AllCorrect  *float64 `json:"all_correct,omitempty"` // share of pictures with every stated attribute right
	// ByAttribute is the accuracy of each attribute over the pictures whose caption states it.
	ByAttribute map[string]float64 `json:"by_attribute,omitempty"`

	// Novel is the alignment on captions of compositions that training never saw, where the data has such.
	Novel       *float64 `json:"align_novel,omitempty"`
	NovelStdErr *float64 `json:"align_novel_stderr,omitempty"`

	// Imbalance exists with Align: total variation between real and generated choices of attributes that captions leave open, the
	// mean over attributes weighted by how often they are open. It is not 0 for real pictures either, which are finitely many.
	Imbalance   *float64           `json:"imbalance,omitempty"`
	ImbalanceBy map[string]float64 `json:"imbalance_by_attribute,omitempty"`

	// Drawing exists where the data has captions that state everything.
	Drawing *Drawing `json:"drawing,omitempty"`

	Precision float64  `json:"precision"` // share of generated pictures within the real ones' manifold
	Recall    float64  `json:"recall"`
	Density   *float64 `json:"density,omitempty"`  // real balls around a generated picture, over k; may exceed 1
	Coverage  *float64 `json:"coverage,omitempty"` // share of real balls that hold a generated picture

	Seconds        float64 `json:"seconds"` // of sampling
	MillisPerImage float64 `json:"ms_per_image"`
}

// Drawing is how well pictures are drawn of captions that state everything: variety of choices has no part in it. FID and precision are
// those of extractor.Stage's features.
type Drawing struct {
	FID        float64  `json:"fid"`
	FIDLow     float64  `json:"fid_low"`
	FIDHigh    float64  `json:"fid_high"`
	CLIP       float64  `json:"clip"`
	CLIPStdErr float64  `json:"clip_stderr"`
	Precision  *float64 `json:"precision,omitempty"`
}
