// Package dataset gives captioned pictures: scenes drawn by the project, emoji, image folders, WebDataset shards, parquet files and
// data sets of the HuggingFace hub.
package dataset

// Image is a square RGB picture: Size×Size×3 values in [-1,1], rows first, channels last.
type Image struct {
	Size int
	Pix  []float32
}

// Sample is one captioned picture.
type Sample struct {
	Image   Image
	Caption string
}

// Source gives samples by index, so that any batch of any epoch can be drawn again.
type Source interface {
	// Len is the number of samples; endless sources say math.MaxInt.
	Len() int
	// Sample returns sample i, 0 ≤ i < Len. The same i always gives the same sample.
	Sample(i int) (Sample, error)
}

// Captioned is a source that knows captions without their pictures.
type Captioned interface {
	Source
	// Caption is that of sample i.
	Caption(i int) (string, error)
}

// Captions are the captions of a finite source, each once, in the order of its samples.
func Captions(s Source) (all []string, err error) {
	seen := map[string]bool{}
	for i := range s.Len() {
		caption, err := Caption(s, i)
		if err != nil {
			return nil, err
		}
		if !seen[caption] {
			seen[caption], all = true, append(all, caption)
		}
	}
	return all, nil
}

// Caption is that of sample i of a source.
func Caption(s Source, i int) (string, error) {
	if c, ok := s.(Captioned); ok {
		return c.Caption(i)
	}
	sample, err := s.Sample(i)
	return sample.Caption, err
}

// Grouped is a source that has several pictures for a caption.
type Grouped interface {
	Source
	// Alike returns sample i for k = 0, and for k > 0 other pictures with the caption of sample i.
	Alike(i, k int) (Sample, error)
}

// Dataset is a named pair of disjoint sources.
type Dataset interface {
	Name() string
	// Hash identifies the content: two datasets with equal hashes give equal samples.
	Hash() string
	Train() Source
	Heldout() Source
}

// Cut cuts flat pictures [n,S,S,3] apart, clipped to [-1,1].
func Cut(flat []float32, size int) []Image {
	area := size * size * 3
	images := make([]Image, len(flat)/area)
	for i := range images {
		pix := make([]float32, area)
		for k, v := range flat[i*area : (i+1)*area] {
			pix[k] = min(max(v, -1), 1)
		}
		images[i] = Image{Size: size, Pix: pix}
	}
	return images
}
