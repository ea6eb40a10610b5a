package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/report"
)

// notes say how far the intervals reach and what became of the paper's claims.
func (p *Plan) notes(axis ablations.Axis, t report.Table) (notes []string) {
	against := "the default cell"
	if axis.Against != "" {
		against = axis.Against
	}
	alone, fewest, most := seedsOf(t.Rows)
	switch {
	case most == 1:
		notes = append(notes, "One seed: the intervals are those of the evaluation (FID by jackknife, CLIP and align by standard error, all over pictures) and leave out how seeds differ. More seeds: --seeds 4.")
	case most > 1:
		count, further := strconv.Itoa(most)+" seeds", ""
		if fewest < most {
			count = fmt.Sprintf("%d to %d seeds", fewest, most)
		} else if which := sameSeeds(t.Rows); which != "" {
			count += " (" + which + ")"
		}
		if alone {
			further = " and of a cell with one seed"
		}
		notes = append(notes, fmt.Sprintf("Intervals of cells are Student's, over the means of %s; those of real pictures and teacher%s are over pictures.", count, further))
	}
	if strings.Contains(t.Machines, ";") {
		notes = append(notes, "Not all seeds were trained on one kind of machine, as far as is on record ("+t.Machines+"): the same seed gives other numbers on another; further.md says which was trained on which.")
	}
	if t.Changed != "" {
		notes = append(notes, "Not the preset of the scale: "+t.Changed+".")
	}
	if slices.ContainsFunc(t.Rows, func(r report.Row) bool { return r.Align.Known() }) {
		notes = append(notes, "Align is the share of the attributes stated in a caption that the attribute classifier finds in its picture.")
	}
	for _, r := range t.Rows {
		if r.Direction != "" {
			notes = append(notes, "Direction says whether a cell is better or worse than "+against+" as it is in the paper (agrees, differs), not whether by as much: that is for the claims. It is undecided where "+undecided(most)+", and a cell without numbers, all of whose seeds diverged, is worse than one with them.")
			break
		}
	}
	for _, v := range t.Verdicts {
		notes = append(notes, v.Sentence())
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

// undecided says where a comparison decides nothing.
func undecided(seeds int) string {
	if seeds > 1 {
		return "Welch's test over seeds finds no difference at 5 % in FID or CLIP"
	}
	return "no more than one seed was run: another may turn the order around"
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
