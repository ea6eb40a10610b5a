package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/report"
)

// notes say what the intervals are over and what does not compare.
func (p *Plan) notes(t report.Table) (notes []string) {
	alone, fewest, most := seedsOf(t.Rows)
	switch {
	case most == 1:
		notes = append(notes, "One seed: intervals are over pictures (FID by jackknife, others by standard error). They leave out how seeds differ. More seeds: --seeds 4.")
	case most > 1:
		count := strconv.Itoa(most) + " seeds"
		if fewest < most {
			count = fmt.Sprintf("%d to %d seeds", fewest, most)
		} else if which := sameSeeds(t.Rows); which != "" {
			count += " (" + which + ")"
		}
		notes = append(notes, "Intervals of cells are Student's t over "+count+"; those of real pictures and teacher are over pictures.")
		if alone {
			notes = append(notes, "The interval of a cell with one seed is over its pictures. It does not compare with the others.")
		}
	}
	if strings.Contains(t.Machines, ";") {
		notes = append(notes, "Seeds were trained on several kinds of machine ("+t.Machines+"), on which the same seed gives different numbers.")
	}
	if t.Changed != "" {
		notes = append(notes, "Not the preset of the scale: "+t.Changed+".")
	}
	return notes
}

// seedsOf counts the seeds of the rows that did not diverge: whether one has a single seed, the fewest of those that have several, and
// the most of all.
func seedsOf(rows []report.Row) (alone bool, fewest, most int) {
	for _, r := range rows {
		n := len(r.BySeed)
		alone = alone || n == 1
		if n > 1 && (fewest == 0 || n < fewest) {
			fewest = n
		}
		most = max(most, n)
	}
	return alone, fewest, most
}

// sameSeeds names the seeds that the rows with several have, "" where they are not the same.
func sameSeeds(rows []report.Row) string {
	var same []int64
	for _, r := range rows {
		var seeds []int64
		for _, s := range r.BySeed {
			seeds = append(seeds, s.Seed)
		}
		slices.Sort(seeds)
		switch {
		case len(seeds) < 2:
		case same == nil:
			same = seeds
		case !slices.Equal(same, seeds):
			return ""
		}
	}
	return formatSeeds(same)
}
