package protocol

import (
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
)

// open counts the classes of an attribute over the pictures whose caption leaves it open.
func (s scoredSet) open(attribute int) (counts []int, n int) {
	counts = make([]int, dataset.AttributeClasses[attribute])
	for i, stated := range s.Stated {
		if stated.LeavesOpen(attribute) {
			counts[s.Classes[i*len(dataset.AttributeClasses)+attribute]]++
			n++
		}
	}
	return counts, n
}

// balance measures imbalance: total variation between real and generated choices of attributes that the captions leave open. A student
// that draws every background white unless told otherwise obeys each caption, and is less varied than real pictures.
func (m *Metrics) balance(real, generated scoredSet) error {
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
