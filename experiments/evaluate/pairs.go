package main

import (
	"slices"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/pictures"
)

// paired is the mean difference of a metric over the pictures that two sets have in common, first less second.
type paired struct {
	Metric     string        `json:"metric"`
	First      string        `json:"first"`
	Second     string        `json:"second"`
	Difference eval.Estimate `json:"difference"`
}

// pairs compares the first set with each other picture by picture, where value j of a metric is a mean over pictures.
func (e *evaluation) pairs(sets []judged, j int) ([]paired, error) {
	var list []paired
	first := e.generated()[0]
	for i := 1; i < len(sets); i++ {
		second := e.generated()[i]
		each := differences(first.set.Items, second.set.Items, sets[0].of(j), sets[i].of(j))
		if len(each) < 2 {
			continue
		}
		difference, err := eval.TInterval(each, e.confidence)
		if err != nil {
			return nil, err
		}
		list = append(list, paired{sets[0].values[j].Name, first.spec, second.spec, difference})
	}
	return list, nil
}

// of gives value j of each picture by the picture's place in the set; empty where the value is no mean over pictures.
func (s judged) of(j int) map[int]float64 {
	values := map[int]float64{}
	for row, v := range s.values[j].PerImage {
		values[s.items[row]] = v
	}
	return values
}

// differences gives first less second of the pictures that neither set lacks: those of one name or, where the sets share no name, those
// in the same place of lists of equal length. Where the captions of a pair differ there are none: the sets answer different prompts.
func differences(first, second []pictures.Item, x, y map[int]float64) (list []float64) {
	named := map[string]int{}
	for i, item := range second {
		named[item.Name] = i
	}
	byName := slices.ContainsFunc(first, func(item pictures.Item) bool { _, ok := named[item.Name]; return ok })
	if !byName && len(first) != len(second) {
		return nil
	}
	for i, item := range first {
		place, ok := i, true
		if byName {
			place, ok = named[item.Name]
		}
		if ok && item.Caption != second[place].Caption {
			return nil
		}
		a, inFirst := x[i]
		b, inSecond := y[place]
		if ok && inFirst && inSecond {
			list = append(list, a-b)
		}
	}
	return list
}
