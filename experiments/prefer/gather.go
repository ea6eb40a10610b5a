package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/internal/fold"
	"github.com/addlab/addlab/internal/rng"
)

// gather opens or draws the pictures of all methods for the same captions.
func (o options) gather(ctx context.Context, stdout, stderr io.Writer) (methods []method, captions []string, err error) {
	notef := func(format string, args ...any) { fmt.Fprintf(stderr, "prefer: "+format+"\n", args...) }
	var sources, there, toDraw []source
	tables := 0
	for _, a := range o.methods {
		s, err := o.open(ctx, a, notef)
		if err != nil {
			return nil, nil, err
		}
		tables += s.tables
		for _, note := range s.notes {
			notef("%s", note)
		}
		if sources = append(sources, s); s.drawing != nil {
			toDraw = append(toDraw, s)
		} else {
			there = append(there, s)
		}
	}

	// Captions that all pictures have, or held-out ones where all are drawn.
	var prompts []prompt
	if len(there) > 0 {
		if err := o.set.CheckColumns(tables > 0, "no method has any"); err != nil {
			return nil, nil, err
		}
		prompts, err = o.common(there, notef)
	} else {
		prompts, err = o.heldout(ctx, toDraw, notef)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, p := range prompts {
		captions = append(captions, p.caption)
	}
	for _, s := range toDraw {
		if strange := s.drawing.strange(captions); strange != "" {
			notef("%s: %s", s.name, strange)
		}
	}

	var e *engine.Engine
	if len(toDraw) > 0 {
		if e, err = engine.Open(ctx, o.engine, stderr); err != nil {
			return nil, nil, err
		}
		defer e.Close()
		fmt.Fprintln(stdout, "engine:", e)
	}
	for _, s := range sources {
		m := method{name: s.name}
		if s.drawing != nil {
			notef("drawing %s of %s", fold.Count(len(captions), "picture"), s.name)
			m.pictures, err = s.drawing.draw(ctx, e, captions)
		} else {
			m.pictures, err = s.pictures(prompts)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("method %q: %w", s.name, err)
		}
		about := s.about
		if about == "" {
			about = "pictures of " + s.what
		}
		fmt.Fprintf(stdout, "%s: %s\n", m.name, about)
		methods = append(methods, m)
	}
	return methods, captions, nil
}

// pictures reads those of the prompts.
func (s source) pictures(prompts []prompt) (all [][]byte, err error) {
	at := map[prompt]int{}
	for i, p := range s.prompts {
		at[p] = i
	}
	for _, p := range prompts {
		rgb, err := s.read[at[p]]()
		if err != nil {
			return nil, err
		}
		png, err := encode(rgb)
		if err != nil {
			return nil, err
		}
		all = append(all, png)
	}
	return all, nil
}

// common are the prompts of which every source has a picture, in the order of the first; where there are too many, the seed chooses.
func (o options) common(sources []source, notef func(format string, args ...any)) (prompts []prompt, err error) {
	held := map[prompt]int{}
	for _, s := range sources {
		for _, p := range s.prompts {
			held[p]++
		}
	}
	for _, p := range sources[0].prompts {
		if held[p] == len(sources) {
			prompts = append(prompts, p)
		}
	}
	if len(prompts) == 0 {
		var have []string
		for _, s := range sources {
			have = append(have, fmt.Sprintf("%q has %s, such as %q", s.name, fold.Count(len(s.prompts), "captioned picture"), s.prompts[0].caption))
		}
		return nil, fmt.Errorf("no caption is in all methods, want the same captions to pair their pictures by: %s", strings.Join(have, "; "))
	}
	for _, s := range sources {
		if more := len(s.prompts) - len(prompts); more > 0 {
			i := slices.IndexFunc(s.prompts, func(p prompt) bool { return held[p] < len(sources) })
			notef("%s: %d of %d pictures have no partner in every method and are left out, such as %s", s.name, more, len(s.prompts), s.prompts[i])
		}
	}
	if o.captions >= len(prompts) {
		return prompts, nil
	}
	chosen := rng.New(o.seed, "prefer/chosen", 0).Perm(len(prompts))[:o.captions]
	slices.Sort(chosen)
	for i, k := range chosen {
		prompts[i] = prompts[k]
	}
	return prompts[:o.captions], nil
}
