package sweep

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
)

// changed lists the fields in which a config differs from its scale's preset: "lambda = 7, steps = 100". The seed does not count, nor
// does what follows from another number of steps or another batch.
func changed(preset, base distill.Config) (string, error) {
	preset.Seed = base.Seed
	f, err := fields(preset.WithSteps(base.Steps).WithBatch(base.Batch), base)
	if err != nil {
		return "", err
	}
	var list []string
	if base.Steps != preset.Steps {
		list = append(list, fmt.Sprintf("steps = %d", base.Steps))
	}
	if base.Batch != preset.Batch {
		list = append(list, fmt.Sprintf("batch = %d", base.Batch))
	}
	for _, name := range differing(f[0], f[1]) {
		if _, set := f[1][name]; !set { // left out of JSON at 0
			list = append(list, "no "+name)
			continue
		}
		list = append(list, name+" = "+f[1][name])
	}
	slices.Sort(list)
	return strings.Join(list, ", "), nil
}

// conflict is an error where base changes a field that a cell of the axis sets to another value. The cells would not be what their names say.
func conflict(a ablations.Axis, preset, base distill.Config) error {
	preset.Seed = base.Seed
	preset = preset.WithBatch(base.Batch)
	for _, cell := range a.Cells {
		f, err := fields(preset, base, cell.Config(preset), cell.Config(base))
		if err != nil {
			return err
		}
		was, is, before, after := f[0], f[1], f[2], f[3]
		for _, name := range differing(was, is) {
			if before[name] == after[name] && after[name] != is[name] {
				return fmt.Errorf("sweep: the config changes %s, which cell %s of axis %s sets itself: want other fields there", name, cell.Name, a.Name)
			}
		}
	}
	return nil
}

// fields are the JSON fields of configs by path, such as student_rate.peak.
func fields(configs ...distill.Config) (list []map[string]string, err error) {
	for _, c := range configs {
		text, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("sweep: %w", err)
		}
		flat := map[string]string{}
		flatten(flat, "", text)
		list = append(list, flat)
	}
	return list, nil
}

func flatten(flat map[string]string, path string, text json.RawMessage) {
	var below map[string]json.RawMessage
	if json.Unmarshal(text, &below) != nil || below == nil {
		flat[path] = string(text)
	}
	for name, value := range below {
		flatten(flat, strings.TrimPrefix(path+"."+name, "."), value)
	}
}

func differing(a, b map[string]string) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return a[name] == b[name] })
}
