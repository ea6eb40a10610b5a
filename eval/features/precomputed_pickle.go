package features

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/eval/metric"
	"github.com/addlab/addlab/eval/npy"
)

// pickledExtractors are the extractors whose statistics edm2 pickles, by the names that it gives them.
var pickledExtractors = map[string]string{"fid": "inception", "fd_dinov2": "dinov2-l"}

// readPickled reads the statistics called name of a pickle, by default all that edm2 names or else the only ones, by their extractor:
// "" is that of statistics that stand alone or have a name of their own.
func readPickled(file, name string) (map[string]metric.Sample, error) {
	whole, err := npy.ReadPickle(file)
	if err != nil {
		return nil, err
	}
	entries := map[string]npy.Dict{}
	for key, v := range whole {
		if d, ok := v.(npy.Dict); ok {
			entries[key] = d
		}
	}
	names := slices.Sorted(maps.Keys(entries))
	chosen := map[string]npy.Dict{} // by extractor
	switch {
	case name == "" && len(names) == 0:
		chosen[""] = whole
	case name == "" && len(names) == 1:
		name = names[0]
	case name == "":
		for entry, extractor := range pickledExtractors {
			if d, ok := entries[entry]; ok {
				chosen[extractor] = d
			}
		}
	}
	if d, ok := entries[name]; ok {
		chosen[pickledExtractors[name]] = d
	}
	if len(chosen) == 0 {
		want := cmp.Or(name, strings.Join(slices.Sorted(maps.Keys(pickledExtractors)), " or "))
		return nil, fmt.Errorf("features: %s holds statistics of %s, want %s; choose as in %s#%s", file, strings.Join(names, ", "), want, file, slices.Concat(names, []string{"NAME"})[0])
	}

	n := 0
	for _, key := range []string{"n", "num_images"} {
		if given, ok := whole[key].(int); ok && given > 0 {
			n = given
		}
	}
	samples := map[string]metric.Sample{}
	for extractor, d := range chosen {
		mu, ok1 := d["mu"].(npy.Array[float64])
		sigma, ok2 := d["sigma"].(npy.Array[float64])
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("features: %s holds %s, want mu and sigma", file, strings.Join(slices.Sorted(maps.Keys(d)), ", "))
		}
		stats, err := newStatistics(mu, sigma)
		if err != nil {
			return nil, fmt.Errorf("features: %s: %w", file, err)
		}
		stats.N = n
		samples[extractor] = metric.Sample{Stats: &stats}
	}
	return samples, nil
}
