package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/addlab/addlab/ablations"
	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/eval/extractor"
	"github.com/addlab/addlab/eval/pictures"
	"github.com/addlab/addlab/internal/fold"
)

// prompt is what pictures are paired by: a caption, and which of several pictures of it.
type prompt struct {
	caption string
	copy    int
}

func (p prompt) String() string {
	if p.copy == 0 {
		return fmt.Sprintf("that of %q", p.caption)
	}
	return fmt.Sprintf("number %d of %q", p.copy+1, p.caption)
}

// number tells several pictures of one caption apart.
func number(captions []string) (prompts []prompt) {
	copies := map[string]int{}
	for _, c := range captions {
		c = fold.OneLine(c)
		prompts = append(prompts, prompt{c, copies[c]})
		copies[c]++
	}
	return prompts
}

// source is where the pictures of a method come from: either they are there, or they are drawn.
type source struct {
	argument
	about   string
	prompts []prompt                        // of the pictures that are there
	read    []func() (extractor.RGB, error) // the pictures
	drawing *drawing
	tables  int // parquet files that were read
	notes   []string
}

// open finds what a method is. Paths come first.
func (o options) open(ctx context.Context, a argument, notef func(format string, args ...any)) (s source, err error) {
	s.argument = a
	_, missing := os.Stat(a.what)
	axis, cell, isCell := strings.Cut(a.what, "/")
	world, _, _ := strings.Cut(a.what, ":")
	switch run, folder, fault := o.findRun(a.what); {
	case fault != nil:
		err = fault
	case folder != "":
		err = o.openRun(&s, run, folder)
	case missing == nil || slices.Contains(dataset.Names(), world) || strings.HasSuffix(a.what, ".tar"), strings.HasSuffix(a.what, ".parquet"), dataset.Spec{Name: a.what}.OnHub():
		err = s.openPictures(ctx, pictures.Options{N: o.captions, Image: o.set.Image, Text: o.set.Text, Note: notef})
	case a.what == "teacher":
		err = o.openTeacher(&s)
	case a.what == "shipped":
		err = o.openShipped(&s)
	case isCell && slices.Contains(axisNames(), axis):
		err = o.openCell(&s, axis, cell)
	default:
		err = fmt.Errorf("neither a folder of pictures, nor a run in %s, nor AXIS/CELL with an axis of %s, nor teacher or shipped", o.runs(), strings.Join(axisNames(), ", "))
	}
	if err == nil && a.steps > 0 && s.drawing == nil && s.about == "" {
		err = fmt.Errorf("steps = %d, want none: its pictures are drawn already", a.steps)
	}
	if err != nil {
		return s, fmt.Errorf("method %q: %w", a.name, err)
	}
	return s, nil
}

func axisNames() (names []string) {
	for _, a := range ablations.Axes() {
		names = append(names, a.Name)
	}
	return names
}

// openPictures lists a folder, shards, parquet files or a split of the built-in world. Pictures without a caption cannot be paired.
func (s *source) openPictures(ctx context.Context, o pictures.Options) error {
	set, err := pictures.Open(ctx, s.what, o)
	if err != nil {
		return err
	}
	bare, example := 0, ""
	var captions []string
	for _, item := range set.Items {
		if fold.OneLine(item.Caption) == "" {
			if bare++; bare == 1 {
				example = item.Name
			}
			continue
		}
		captions = append(captions, item.Caption)
		s.read = append(s.read, func() (extractor.RGB, error) {
			c, err := item.Read()
			if err != nil {
				return extractor.RGB{}, fmt.Errorf("%s: %w", item.Name, err)
			}
			rgb, err := c.Decode()
			if err != nil {
				return extractor.RGB{}, fmt.Errorf("%s: %w", item.Name, err)
			}
			return rgb, nil
		})
	}
	s.prompts, s.tables, s.notes = number(captions), set.Tables, set.Notes
	for _, f := range set.Faults {
		s.notes = append(s.notes, fmt.Sprintf("%s: %s is left out: %v", s.what, f.Name, f.Err))
	}
	if len(s.prompts) == 0 && s.tables > 0 {
		return fmt.Errorf("%s: none of %d pictures has a caption: %s", s.what, len(set.Items), strings.Join(set.Notes, "; "))
	}
	if len(s.prompts) == 0 {
		return fmt.Errorf(`%s: none of %d pictures has a caption, want a metadata.jsonl beside them with lines {"file_name": %q, "text": "its caption"}`, s.what, len(set.Items), example)
	}
	if bare > 0 {
		s.notes = append(s.notes, fmt.Sprintf("%s: %d of %d pictures have no caption and are left out, such as %s", s.what, bare, len(set.Items), example))
	}
	return nil
}
