package ablations

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/addlab/addlab/distill"
)

// changed lists the fields in which a config differs from its scale's preset, as "name = value", sorted. Seeds are no difference, and
// of another length the rates' shorter warm-up is none.
func changed(base distill.Config) (list []string, err error) {
	preset, err := distill.DefaultConfig(base.Scale)
	if err != nil {
		return nil, err
	}
	preset.Seed = base.Seed
	if base.Steps != preset.Steps {
		list = append(list, fmt.Sprintf("steps = %d", base.Steps))
	}
	want, have := fields(SetSteps(preset, base.Steps)), fields(base)
	for _, name := range differing(want, have) {
		value, _ := json.Marshal(have[name])
		list = append(list, fmt.Sprintf("%s = %s", name, value))
	}
	slices.Sort(list)
	return list, nil
}

// conflict is an error where base changes a field of the preset that a cell of the axis sets to a value of its own: then the cells would
// not be what their names say.
func (a Axis) conflict(base distill.Config) error {
	preset, err := distill.DefaultConfig(base.Scale)
	if err != nil {
		return err
	}
	preset.Seed = base.Seed
	was, is := fields(preset), fields(base)
	for _, cell := range a.Cells {
		before, after := fields(cell.Config(preset)), fields(cell.Config(base))
		for _, name := range differing(was, before) {
			if reflect.DeepEqual(before[name], after[name]) && !reflect.DeepEqual(was[name], is[name]) {
				return fmt.Errorf("ablations: the config changes %s, which cell %s of axis %s sets itself: want other fields there", name, cell.Name, a.Name)
			}
		}
	}
	return nil
}

// fields are a config's JSON fields by their path, such as student_rate.peak.
func fields(c distill.Config) map[string]any {
	text, err := json.Marshal(c)
	var tree map[string]any
	if err == nil {
		err = json.Unmarshal(text, &tree)
	}
	if err != nil {
		panic(fmt.Sprintf("ablations: %v", err)) // a config is numbers, names and lists of them
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
	return flat
}

// differing are the names whose values are not the same, sorted.
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

// changes says what a plan's cells have in common that is not of the preset.
func changes(base distill.Config) (string, error) {
	list, err := changed(base)
	return strings.Join(list, ", "), err
}
