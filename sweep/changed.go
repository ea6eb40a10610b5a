package sweep

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/distill"
)

// changed lists the fields in which a config differs from its scale's preset: "lambda = 7, steps = 100". The seed does not count, nor
// does the warm-up that follows from another number of steps.
func changed(base distill.Config) (string, error) {
	preset, err := distill.DefaultConfig(base.Scale)
	if err != nil {
		return "", err
	}
	preset.Seed = base.Seed
	var list []string
	if base.Steps != preset.Steps {
		list = append(list, fmt.Sprintf("steps = %d", base.Steps))
	}
	want, err := fields(preset.WithSteps(base.Steps))
	if err != nil {
		return "", err
	}
	have, err := fields(base)
	if err != nil {
		return "", err
	}
	for _, name := range differing(want, have) {
		value, err := json.Marshal(have[name])
		if err != nil {
			return "", err
		}
		list = append(list, fmt.Sprintf("%s = %s", name, value))
	}
	slices.Sort(list)
	return strings.Join(list, ", "), nil
}

// conflict is an error where base changes a field that a cell of the axis sets. The cells would not be what their names say.
func conflict(a ablations.Axis, base distill.Config) error {
	preset, err := distill.DefaultConfig(base.Scale)
	if err != nil {
		return err
	}
	preset.Seed = base.Seed
	was, err := fields(preset)
	if err != nil {
		return err
	}
	is, err := fields(base)
	if err != nil {
		return err
	}
	for _, cell := range a.Cells {
		before, err := fields(cell.Config(preset))
		if err != nil {
			return err
		}
		after, err := fields(cell.Config(base))
		if err != nil {
			return err
		}
		for _, name := range differing(was, before) {
			if reflect.DeepEqual(before[name], after[name]) && !reflect.DeepEqual(was[name], is[name]) {
				return fmt.Errorf("sweep: the config changes %s, which cell %s of axis %s sets itself: want other fields there", name, cell.Name, a.Name)
			}
		}
	}
	return nil
}

// fields are the JSON fields of a config by path, such as student_rate.peak.
func fields(c distill.Config) (map[string]any, error) {
	text, err := json.Marshal(c)
	var tree map[string]any
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	flat := map[string]any{}
	var walk func(prefix string, tree map[string]any)
	walk = func(prefix string, tree map[string]any) {
		for name, value := range tree {
			if below, ok := value.(map[string]any); ok {
				walk(prefix+name+".", below)
				continue
			}
			flat[prefix+name] = value
		}
	}
	walk("", tree)
	return flat, nil
}

// differing are the sorted names whose values differ.
func differing(a, b map[string]any) (names []string) {
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if !reflect.DeepEqual(a[name], b[name]) {
			names = append(names, name)
		}
	}
	return names
}
