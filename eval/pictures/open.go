package pictures

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
)

// Options say how a set is opened.
type Options struct {
	Captions string // file that captions the pictures; empty: what stands beside them
	N        int    // how many pictures will be wanted, for the endless world; 0 for its default
}

// Open lists a set of pictures:
//
//   - scenes, scenes:SPLIT, scenes:SPLIT:N, scenes:SPLIT:N:FIRST: the built-in world, or the harder one, scenes-free;
//   - a folder: all pictures in it and below it;
//   - a shard *.tar, a pattern such as train-{00000..00012}.tar, or a folder of shards without pictures beside them.
func Open(spec string, o Options) (Set, error) {
	if world, _, _ := strings.Cut(spec, ":"); slices.Contains(dataset.Names(), world) {
		return openScenes(spec, o.N)
	}
	set, err := openFiles(spec)
	if err != nil {
		return set, err
	}
	if len(set.Items) == 0 {
		return set, fmt.Errorf("pictures: %s: no pictures in it, want PNG, JPEG, WebP, GIF or BMP files or WebDataset shards *.tar%s", spec, firstFault(set.Faults))
	}
	if o.Captions != "" {
		if err := set.caption(o.Captions); err != nil {
			return set, err
		}
	}
	return set, nil
}

func openFiles(spec string) (Set, error) {
	info, err := os.Stat(spec)
	switch {
	case err == nil && info.IsDir():
		set, shards, err := listFolder(spec)
		if err == nil && len(set.Items) == 0 && shards {
			return openShards(spec)
		}
		return set, err
	case err == nil && strings.HasSuffix(spec, ".tar"), err != nil && strings.ContainsAny(spec, "*?[{"):
		return openShards(spec)
	case errors.Is(err, fs.ErrNotExist):
		return Set{}, fmt.Errorf("pictures: %q: no such file or folder", spec)
	case err != nil:
		return Set{}, fmt.Errorf("pictures: %w", err)
	}
	return Set{}, fmt.Errorf("pictures: %q: want a folder of pictures, WebDataset shards *.tar, or scenes", spec)
}

func openShards(spec string) (Set, error) {
	listed, faults, err := dataset.ListShards(spec)
	set := Set{Name: spec, Kind: "shards", Faults: faults}
	if err != nil {
		return set, fmt.Errorf("pictures: %s", strings.TrimPrefix(err.Error(), "dataset: "))
	}
	for _, l := range listed {
		set.Items = append(set.Items, Item{l.Name, l.Caption, reading(l.Read)})
	}
	return set, nil
}

// reading is Item.Read of encoded bytes.
func reading(read func() ([]byte, error)) func() (Content, error) {
	return func() (Content, error) {
		data, err := read()
		if err != nil {
			return Content{}, err
		}
		return NewContent(data)
	}
}

func firstFault(faults []error) string {
	if len(faults) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d cannot be used, the first: %v)", len(faults), faults[0])
}
