package main

import (
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
		differences := inCommon(sets[0].of(j), sets[i].of(j), partners(first.set.Items, second.set.Items))
		if len(differences) < 2 {
			continue
		}
		difference, err := eval.TInterval(differences, e.confidence)
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

// partners gives each item of the first list its place in the second: that of the item of the same name or, where the lists share no
// name, its own place in lists of equal length. Where a caption is not the partner's, nobody has one: the sets answer different prompts.
func partners(first, second []pictures.Item) []int {
	named := map[string]int{}
	for i, item := range second {
		named[item.Name] = i
	}
	places, alike := make([]int, len(first)), 0
	for i, item := range first {
		places[i] = -1
		if place, ok := named[item.Name]; ok {
			places[i] = place
			alike++
		}
	}
	if alike == 0 && len(first) == len(second) {
		for i := range places {
			places[i] = i
		}
	}
	for i, place := range places {
		if place >= 0 && first[i].Caption != second[place].Caption {
			return nil
		}
	}
	return places
}

// inCommon gives the differences, first less second, of the pairs of which neither picture is missing.
func inCommon(first, second map[int]float64, places []int) (differences []float64) {
	for i, place := range places {
		x, ok := first[i]
		y, too := second[place]
		if ok && too {
			differences = append(differences, x-y)
		}
	}
	return differences
}
