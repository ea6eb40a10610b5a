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

// usualEntry is the name of Inception's statistics in a pickle of edm2.
const usualEntry = "fid"

// readPickled reads the statistics called name of a pickle, by default the only ones or those of Inception.
func readPickled(file, name string) (metric.Sample, error) {
	whole, err := npy.ReadPickle(file)
	if err != nil {
		return metric.Sample{}, err
	}
	entries := map[string]npy.Dict{}
	for key, v := range whole {
		if d, ok := v.(npy.Dict); ok {
			entries[key] = d
		}
	}
	chosen := whole
	if len(entries) > 0 || name != "" {
		names := slices.Sorted(maps.Keys(entries))
		if len(names) == 1 {
			name = cmp.Or(name, names[0])
		}
		name = cmp.Or(name, usualEntry)
		if chosen = entries[name]; chosen == nil {
			return metric.Sample{}, fmt.Errorf("features: %s holds statistics of %s, want %s; choose as in %s#%s", file, strings.Join(names, ", "), name, file, cmp.Or(slices.Concat(names, []string{"NAME"})[0]))
		}
	}
	mu, ok1 := chosen["mu"].(npy.Array[float64])
	sigma, ok2 := chosen["sigma"].(npy.Array[float64])
	if !ok1 || !ok2 {
		return metric.Sample{}, fmt.Errorf("features: %s holds %s, want mu and sigma", file, strings.Join(slices.Sorted(maps.Keys(chosen)), ", "))
	}
	stats, err := newStatistics(mu, sigma)
	if err != nil {
		return metric.Sample{}, fmt.Errorf("features: %s: %w", file, err)
	}
	for _, key := range []string{"n", "num_images"} {
		if n, ok := whole[key].(int); ok && n > 0 {
			stats.N = n
		}
	}
	return metric.Sample{Stats: &stats}, nil
}
