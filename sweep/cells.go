package sweep

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/distill"
	"github.com/addlab/addlab/record"
)

// OfCell keeps the trainings of a cell that differ in nothing but the seed, in the order of seeds. There may be several such sets: one
// of the scale's own length comes first, then one that is no toy of the smoke scale, then the one of most seeds.
func OfCell(runs []StudentRun, cell ablations.Cell) []StudentRun {
	return ofCell(runs, cell, func(s StudentRun) distill.RunConfig { return s.Config })
}

func ofCell[T any](all []T, cell ablations.Cell, config func(T) distill.RunConfig) []T {
	sets, rank := map[string][]T{}, map[string][]int{}
	for _, one := range all {
		run := config(one)
		exact, is := isCell(cell, run.Distill)
		if !is {
			continue
		}
		run.Distill.Seed = 0
		key, err := record.Hash(run)
		if err != nil {
			continue // a config that was read can be written
		}
		sets[key] = append(sets[key], one)
		rank[key] = []int{toInt(exact), toInt(run.Distill.Scale != "smoke")}
	}
	keys := slices.SortedFunc(maps.Keys(sets), func(a, b string) int {
		return cmp.Or(slices.Compare(rank[b], rank[a]), len(sets[b])-len(sets[a]), strings.Compare(a, b))
	})
	if len(keys) == 0 {
		return nil
	}
	return slices.SortedStableFunc(slices.Values(sets[keys[0]]), func(a, b T) int {
		return cmp.Compare(config(a).Distill.Seed, config(b).Distill.Seed)
	})
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isCell tells trainings of a cell, whatever their scale and seed; exact are those of the scale's own number of steps.
func isCell(cell ablations.Cell, have distill.Config) (exact, is bool) {
	base, err := distill.DefaultConfig(have.Scale)
	if err != nil {
		return false, false
	}
	base.Seed = have.Seed
	exact = reflect.DeepEqual(cell.Config(base), have)
	return exact, exact || reflect.DeepEqual(cell.Config(base.WithSteps(have.Steps)), have)
}

// Kept are the sample pictures that an evaluation of a student keeps, also where the weights are gone: 8 captions for a committed run.
type Kept struct {
	Run    string // hash of the training
	Config distill.RunConfig
	Pictures

	images int // behind the evaluation's numbers
}

// KeptOfCell gives the samples of a cell's students, seed by seed.
func KeptOfCell(runs *record.Runs, cell ablations.Cell) ([]Kept, error) {
	all, err := kept(runs, max(cell.Steps, 1), cell.Form)
	if err != nil {
		return nil, err
	}
	return ofCell(all, cell, func(k Kept) distill.RunConfig { return k.Config }), nil
}

// KeptOfRun gives the samples that the student of a training drew in so many steps; found is false where there are none.
func KeptOfRun(runs *record.Runs, hash string, steps int) (k Kept, found bool, err error) {
	all, err := kept(runs, steps, "")
	i := slices.IndexFunc(all, func(k Kept) bool { return k.Run == hash })
	if err != nil || i < 0 {
		return k, false, err
	}
	return all[i], true, nil
}

// kept reads the samples of all students in so many steps, those of the largest evaluation of each.
func kept(runs *record.Runs, steps int, form diffusion.Form) (list []Kept, err error) {
	all, err := runs.All()
	if err != nil {
		return nil, err
	}
	best := map[string]Kept{}
	for _, run := range all {
		var e Evaluation
		if !run.Finished() || run.Config(&e) != nil || e.Kind != "evaluate" || e.Subject != Student || e.Sampling == nil {
			continue
		}
		if e.Sampling.Steps != steps || best[e.Run].images >= e.Setup.Images {
			continue
		}
		k := Kept{Run: e.Run, images: e.Setup.Images}
		trained, ok := runs.Lookup(e.Run)
		if !ok {
			continue
		}
		if err := trained.Config(&k.Config); err != nil {
			return nil, err
		}
		if e.Sampling.Sampler != fewStep(k.Config.Distill, steps, form) {
			continue
		}
		var result Evaluated
		if err := run.Result(&result); err != nil {
			return nil, err
		}
		if k.Images, err = readPictures(run); err != nil {
			return nil, err
		}
		if k.Captions = result.Captions; len(k.Images) != len(k.Captions) {
			return nil, fmt.Errorf("sweep: %s has %d sample pictures and %d captions, want as many", run, len(k.Images), len(k.Captions))
		}
		if len(k.Images) > 0 {
			best[e.Run] = k
		}
	}
	for _, hash := range slices.Sorted(maps.Keys(best)) {
		list = append(list, best[hash])
	}
	return list, nil
}
