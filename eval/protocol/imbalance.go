package protocol

import (
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
)

// classesSeen are the attributes that the classifier saw, [n,A], in pictures of captions that state some of them.
type classesSeen struct {
	seen   []int32
	stated []dataset.Attributes
}

// open counts the classes of an attribute over the pictures whose caption leaves it open.
func (c classesSeen) open(attribute int) (counts []int, n int) {
	counts = make([]int, dataset.AttributeClasses[attribute])
	for i, stated := range c.stated {
		if stated.LeavesOpen(attribute) {
			counts[c.seen[i*len(dataset.AttributeClasses)+attribute]]++
			n++
		}
	}
	return counts, n
}

// balance compares what pictures show where their captions leave it open with what real ones show there: a student that paints every
// ground white unless told otherwise obeys each caption, and is less varied than what it learned from.
func (m *Metrics) balance(real, generated classesSeen) error {
	sum, asked, by := 0.0, 0, map[string]float64{}
	for a, name := range dataset.AttributeNames {
		want, nReal := real.open(a)
		got, n := generated.open(a)
		if nReal == 0 || n == 0 {
			continue
		}
		distance, err := eval.TotalVariation(want, got)
		if err != nil {
			return err
		}
		by[name] = distance
		sum, asked = sum+float64(n)*distance, asked+n
	}
	if asked > 0 {
		mean := sum / float64(asked)
		m.Imbalance, m.ImbalanceBy = &mean, by
	}
	return nil
}
