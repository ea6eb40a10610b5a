package pictures

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/addlab/addlab/dataset"
)

// Options say how a set is opened.
type Options struct {
	Captions string // file that captions the pictures; empty: the captions next to them
	N        int    // how many pictures will be wanted, for the endless world; 0 for its default
	Size     int    // side of a world's pictures; 0 for that of the shipped networks

	Image, Text string                           // columns of parquet files; see dataset.Spec
	Note        func(format string, args ...any) // hears what is fetched; may be nil
}

// Open lists a set of pictures: a split of a built-in world (scenes, scenes:SPLIT:N:FIRST), or what dataset.Spec.List lists. A folder may
// hold pictures or shards, not both.
func Open(ctx context.Context, spec string, o Options) (Set, error) {
	if WorldOf(spec) != "" {
		return openScenes(ctx, spec, o)
	}
	set, err := openFiles(ctx, spec, o)
	if err == nil && o.Captions != "" {
		err = set.caption(o.Captions)
	}
	if err != nil {
		return set, fmt.Errorf("pictures: %w", err)
	}
	return set, nil
}

// WorldOf is the built-in world that spec names, "" for none.
func WorldOf(spec string) string {
	if world, _, _ := strings.Cut(spec, ":"); slices.Contains(dataset.Names(), world) {
		return world
	}
	return ""
}

func openFiles(ctx context.Context, spec string, o Options) (Set, error) {
	set := Set{Name: spec, Kind: "folder"}
	l, err := dataset.Spec{Name: spec, Image: o.Image, Text: o.Text}.List(ctx, true, o.Note)
	if err != nil {
		return set, err
	}
	set.Tables = l.Tables
	if l.Shards > 0 {
		set.Kind = "shards"
	}
	several, missing, unusable := 0, 0, 0
	var example, wrong error
	for _, p := range l.Pictures {
		item := Item{Name: p.Name, Read: reading(p.Read)}
		if len(p.Captions) > 0 {
			item.Caption = p.Captions[0]
		}
		if len(p.Captions) > 1 {
			several++
		}
		if p.Uncaptioned != nil && !errors.Is(p.Uncaptioned, dataset.ErrNoCaption) {
			if unusable++; unusable == 1 {
				wrong = fmt.Errorf("that of %s: %w", p.Name, p.Uncaptioned)
			}
		}
		set.Items = append(set.Items, item)
	}
	for _, f := range l.Faults {
		if f.Kind != dataset.Missing { // captions of more pictures than were drawn are no fault
			set.Faults = append(set.Faults, f)
			continue
		}
		if missing++; missing == 1 {
			example = f.Err
		}
	}
	set.note("%d pictures have several captions, of which the first counts", several)
	set.note("%d captions cannot be used, such as %v", unusable, wrong)
	set.note("%d captions are of pictures that are not there: %v", missing, example)
	for _, note := range l.Notes {
		set.Notes = append(set.Notes, spec+": "+note)
	}
	switch {
	case len(set.Items) == 0:
		return set, fmt.Errorf("%s: no pictures in it, want PNG, JPEG, WebP, GIF or BMP files, WebDataset shards *.tar or parquet files%s",
			spec, also(l))
	case l.Shards > 0 && l.InFiles > 0:
		return set, fmt.Errorf("%s: shards = %d and pictures beside them = %d, want one of the two: for the shards alone say %s",
			spec, l.Shards, l.InFiles, filepath.Join(spec, shardPattern(l)))
	}
	return set, nil
}

func shardPattern(l dataset.Listing) string {
	if l.Tables > 0 {
		return "*.parquet"
	}
	return "*.tar"
}

func (s *Set) note(format string, n int, more ...any) {
	if n > 0 {
		s.Notes = append(s.Notes, s.Name+": "+fmt.Sprintf(format, append([]any{n}, more...)...))
	}
}

func reading(read func() ([]byte, error)) func() (Content, error) {
	return func() (Content, error) {
		data, err := read()
		if err != nil {
			return Content{}, err
		}
		return NewContent(data)
	}
}

// also says what else was found.
func also(l dataset.Listing) (text string) {
	if n := len(l.Faults); n > 0 {
		text = fmt.Sprintf("; %d cannot be used, the first: %v", n, l.Faults[0])
	}
	for _, note := range l.Notes {
		text += "; " + note
	}
	return text
}
