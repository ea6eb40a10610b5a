package dataset

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/addlab/addlab/internal/hub"
)

// hubSet is a data set of the HuggingFace hub: hf:OWNER/NAME[/INSIDE][@REVISION].
type hubSet struct {
	hub.Repository
	inside string // a folder, a file or a pattern; empty for all
}

const hubPrefix = "hf:"

var repository = regexp.MustCompile(`^(\w[\w.-]*/\w[\w.-]*)(?:/(.+))?$`)

// onHub reads the name of a set of the hub.
func onHub(name string) (s hubSet, ok bool) {
	rest, ok := strings.CutPrefix(name, hubPrefix)
	if !ok {
		return s, false
	}
	rest, s.Revision, _ = strings.Cut(rest, "@")
	if m := repository.FindStringSubmatch(rest); m != nil {
		s.ID, s.inside = m[1], strings.Trim(m[2], "/")
	}
	return s, true
}

// list fetches the set and lists its files: parquet files, or WebDataset shards where it has none.
func (s hubSet) list(ctx context.Context, l *Listing, t *tables, note func(string, ...any)) error {
	f, err := s.Fetch(ctx, s.choose, note)
	if err != nil {
		return err
	}
	var tables, shards []string
	for _, name := range f.Names {
		file := filepath.Join(f.Dir, filepath.FromSlash(name))
		if isParquet(name) {
			tables = append(tables, file)
		} else {
			shards = append(shards, file)
		}
	}
	t.top = filepath.Dir(filepath.Dir(f.Dir)) // files of a snapshot are links into this folder
	if err := l.addTables(tables, f.Dir, t); err != nil {
		return err
	}
	return l.addShards(shards, f.Dir, t.skipped)
}

// choose picks the files of the set. Several folders are several sets, unless they are its splits.
func (s hubSet) choose(names []string) (chosen []string, err error) {
	pattern := strings.ContainsAny(s.inside, "*?[")
	if _, err := path.Match(s.inside, ""); err != nil {
		return nil, fmt.Errorf("pattern = %q: %w", s.inside, err)
	}
	var tables, shards, outside []string
	others := map[string]int{}
	for _, name := range names {
		matches, _ := path.Match(s.inside, name)
		switch {
		case s.inside != "" && !matches && !strings.HasPrefix(name, s.inside+"/"):
			if isParquet(name) || isShard(name) {
				outside = append(outside, path.Dir(name))
			}
		case isParquet(name):
			tables = append(tables, name)
		case isShard(name):
			shards = append(shards, name)
		default:
			others[cmp.Or(extOf(name), path.Base(name))]++
		}
	}
	if chosen = tables; len(chosen) == 0 {
		chosen = shards
	}
	if len(chosen) == 0 && len(outside) > 0 {
		slices.Sort(outside)
		return nil, fmt.Errorf("no *.parquet and no *.tar in %s, but in %s", s.inside, strings.Join(slices.Compact(outside), ", "))
	}
	if len(chosen) == 0 {
		var found []string
		for _, ext := range slices.SortedFunc(maps.Keys(others), func(a, b string) int { return cmp.Or(others[b]-others[a], cmp.Compare(a, b)) }) {
			found = append(found, fmt.Sprintf("%d %s", others[ext], ext))
		}
		where := "it"
		if s.inside != "" {
			where = s.inside
		}
		return nil, fmt.Errorf("no *.parquet and no *.tar in %s (files: %s); the hub may have a copy in parquet: %s%s@refs/convert/parquet",
			where, cmp.Or(strings.Join(found[:min(5, len(found))], ", "), "none"), hubPrefix, s.ID)
	}
	folders := map[string]bool{}
	for _, name := range chosen {
		folders[folderOf(name)] = true
	}
	if all := slices.Sorted(maps.Keys(folders)); len(all) > 1 && !pattern {
		return nil, fmt.Errorf("files in %d folders (%s), want one, such as %s%s/%s", len(all), strings.Join(all[:min(8, len(all))], ", "), hubPrefix, s.ID, all[len(all)-1])
	}
	slices.Sort(chosen)
	return chosen, nil
}

var trainPart = regexp.MustCompile(`(?i)^train([-_.0-9].*)?$`)

// folderOf is the folder of a file, without those that are named for a split.
func folderOf(name string) string {
	parts := slices.DeleteFunc(strings.Split(path.Dir(name), "/"), func(part string) bool {
		return trainPart.MatchString(part) || heldoutPart.MatchString(part)
	})
	return cmp.Or(path.Join(parts...), ".")
}
