package dataset

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Listed is a picture of a set that has not been read. Its caption is empty where none is known.
type Listed struct {
	Name, Caption string
	Read          func() ([]byte, error)
}

// ListShards lists the pictures of WebDataset shards in order of their names, captioned or not. spec is one shard, a pattern or a folder
// of shards. Members that are no use are named in faults.
func ListShards(spec string) (pictures []Listed, faults []error, err error) {
	shards, dir := []string{spec}, filepath.Dir(spec)
	if info, statErr := os.Stat(spec); statErr == nil && info.IsDir() {
		dir = spec
		if shards, err = filepath.Glob(filepath.Join(escapeGlob(spec), "*.tar")); err != nil {
			return nil, nil, fmt.Errorf("dataset: %w", err)
		}
		shards = slices.DeleteFunc(shards, func(s string) bool { return strings.HasPrefix(filepath.Base(s), ".") })
	} else if statErr != nil && strings.ContainsAny(spec, "*?[{") {
		if shards, dir, err = expandPattern(spec); err != nil {
			return nil, nil, fmt.Errorf("dataset: %s: %w", spec, err)
		}
	}
	l, err := listShards(shards, dir, "", true)
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(l.entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	for _, e := range l.entries {
		pictures = append(pictures, Listed{e.name, e.caption, e.read})
	}
	for _, f := range l.faults {
		faults = append(faults, fmt.Errorf("%s: %s: %w", f.name, f.kind, f.err))
	}
	return pictures, faults, nil
}

// escapeGlob makes a path mean itself in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
