package features

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval"
	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/npy"
)

// pickledExtractors are the extractors whose statistics edm2 pickles, by the names that it gives them.
var pickledExtractors = map[string]string{"fid": "inception", "fd_dinov2": "dinov2-l"}

// readPickled reads the statistics called name of a pickle, by default all that edm2 names or else the only ones, by their extractor:
// "" is that of statistics that stand alone or have a name of their own. Where some are good, the others are faults.
func readPickled(file, name string) (samples map[string]metric.Sample, faults map[string]error, err error) {
	whole, err := npy.ReadPickle(file)
	if err != nil {
		return nil, nil, err
	}
	return pickledSamples(file, name, whole)
}

func pickledSamples(file, name string, whole npy.Dict) (samples map[string]metric.Sample, faults map[string]error, err error) {
	entries := map[string]npy.Dict{}
	for key, v := range whole {
		if d, ok := v.(npy.Dict); ok && (d["mu"] != nil || d["sigma"] != nil) { // others say something about the statistics
			entries[key] = d
		}
	}
	names := slices.Sorted(maps.Keys(entries))
	chosen := map[string]string{} // entry by extractor, "" for the whole
	switch {
	case name == "" && len(names) == 0:
		chosen[""], entries[""] = "", whole
	case name == "" && len(names) == 1:
		name = names[0]
	case name == "":
		for entry, extractor := range pickledExtractors {
			if _, ok := entries[entry]; ok {
				chosen[extractor] = entry
			}
		}
	}
	if _, ok := entries[name]; ok {
		chosen[pickledExtractors[name]] = name
	}
	if len(chosen) == 0 {
		want := cmp.Or(name, strings.Join(slices.Sorted(maps.Keys(pickledExtractors)), " or "))
		return nil, nil, fmt.Errorf("features: %s holds statistics of %s, want %s; choose as in %s#%s", file, strings.Join(names, ", "), want, file, slices.Concat(names, []string{"NAME"})[0])
	}

	n := 0
	for _, key := range []string{"n", "num_images"} {
		if given, ok := whole[key].(int); ok && given > 0 {
			n = given
		}
	}
	samples, faults = map[string]metric.Sample{}, map[string]error{}
	for _, extractor := range slices.Sorted(maps.Keys(chosen)) {
		entry := chosen[extractor]
		stats, fault := pickledStatistics(entries[entry])
		if fault != nil {
			faults[extractor] = fmt.Errorf("features: %s: %w", strings.TrimSuffix(file+"#"+entry, "#"), fault)
			err = cmp.Or(err, faults[extractor])
			continue
		}
		stats.N = n
		samples[extractor] = metric.Sample{Stats: &stats}
	}
	if len(samples) > 0 {
		err = nil
	}
	return samples, faults, err
}

func pickledStatistics(d npy.Dict) (eval.Stats, error) {
	mu, ok1 := d["mu"].(npy.Array[float64])
	sigma, ok2 := d["sigma"].(npy.Array[float64])
	if !ok1 || !ok2 {
		return eval.Stats{}, fmt.Errorf("holds %s, want mu and sigma", strings.Join(slices.Sorted(maps.Keys(d)), ", "))
	}
	return newStatistics(mu, sigma)
}
