package protocol

import (
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval"
)

// open counts the classes of an attribute over the pictures whose caption leaves it open.
func (s scoredSet) open(attributes []dataset.Attribute, attribute int) (counts []int, n int) {
	counts = make([]int, len(attributes[attribute].Values))
	for i, facts := range s.Facts {
		if facts.Open[attribute] {
			counts[s.Classes[i*len(attributes)+attribute]]++
			n++
		}
	}
	return counts, n
}

// balance measures imbalance: total variation between real and generated choices of attributes that the captions leave open. A student
// that draws every background white unless told otherwise obeys each caption, and is less varied than real pictures.
func (m *Metrics) balance(attributes []dataset.Attribute, real, generated scoredSet) error {
	sum, asked, by := 0.0, 0, map[string]float64{}
	for a, attribute := range attributes {
		want, nReal := real.open(attributes, a)
		got, n := generated.open(attributes, a)
		if nReal == 0 || n == 0 {
			continue
		}
		distance, err := eval.TotalVariation(want, got)
		if err != nil {
			return err
		}
		by[attribute.Name] = distance
		sum, asked = sum+float64(n)*distance, asked+n
	}
	if asked > 0 {
		mean := sum / float64(asked)
		m.Imbalance, m.ImbalanceBy = &mean, by
	}
	return nil
}
