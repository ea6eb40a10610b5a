package pretrain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/record"
)

// Options say what to train and where to put it.
type Options struct {
	Dir     string // of the bundle
	Runs    string // root of the parts' runs
	Config  Config
	Scale   string   // preset that Config began with, for the bundle; with Continue it is that bundle's
	Parts   []string // nil for all that the dataset allows
	Data    dataset.Dataset
	Engine  *engine.Engine
	Command string // for the provenance

	// Continue trains Parts further from the weights of this bundle and copies its other parts: Config must be the bundle's but for the
	// seed and the training of Parts. Nil trains from scratch. Dir must be another folder, or each call would train further.
	Continue *Bundle
	Out      io.Writer
}

// Ensure loads the bundle in Dir, training it first if there is none.
func Ensure(ctx context.Context, o Options) (*Bundle, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, manifestName)); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(o.Out, "no pretrained networks in %s: training them first\n", o.Dir)
		if err := Run(ctx, o); err != nil {
			return nil, err
		}
	}
	return LoadBundle(o.Dir)
}

// Run trains the parts, each as a run of its own that is never repeated, and writes the bundle when all of them are there.
func Run(ctx context.Context, o Options) error {
	c := &Trainer{Config: o.Config, Scale: o.Scale, Data: o.Data, Backend: o.Engine.Backend}
	if o.Continue != nil {
		c.Scale = o.Continue.Scale
	}
	if err := c.Prepare(); err != nil {
		return err
	}
	if c.unread != "" {
		fmt.Fprintln(o.Out, c.unread)
	}
	all := PartsOf(o.Data)
	parts := o.Parts
	if parts == nil {
		parts = all
	}
	if o.Continue != nil {
		if err := c.goesOn(o.Continue, o.Dir, parts); err != nil {
			return err
		}
	}
	paths, provenance := map[string]string{}, map[string]Provenance{}
	for _, part := range parts {
		var from start
		switch {
		case o.Continue != nil:
			from = o.Continue.continueFrom(part)
		case part == "teacher" && paths["text"] != "":
			from = start{provenance["text"].Run, map[string]string{"/text": paths["text"]}}
		}
		j, err := c.partJob(part, from)
		if err != nil {
			return err
		}
		dir, p, err := j.run(ctx, o)
		if err != nil {
			return err
		}
		paths[part], provenance[part] = filepath.Join(dir, weightsFile), p
		if part == "teacher" { // which has tuned the text encoder
			paths["text"] = filepath.Join(dir, tunedTextFile)
		}
	}
	if !slices.Equal(parts, all) && o.Continue == nil {
		return nil
	}
	for _, part := range all {
		if paths[part] == "" {
			paths[part] = o.Continue.path(part)
		}
		if _, trained := provenance[part]; !trained {
			provenance[part] = o.Continue.Provenance[part]
		}
	}
	dropped, err := c.writeBundle(o.Dir, paths, provenance)
	if dropped != "" {
		fmt.Fprintf(o.Out, "%s ships no student any more: %s\n", o.Dir, dropped)
	}
	return err
}

// RunVariants trains variants, each as a run of its own that is never repeated, and writes them into the bundle. Variants of the same
// config that are there already stay. It returns the bundle loaded again. Of the options it reads Runs, Data, Engine, Command and Out.
func RunVariants(ctx context.Context, b *Bundle, variants []Variant, o Options) (*Bundle, error) {
	if err := b.MadeFor(o.Data); err != nil {
		return nil, err
	}
	c := &Trainer{Config: b.Config, Backend: o.Engine.Backend, Data: o.Data, Words: b.Words, PairWords: b.PairWords}
	for _, v := range variants {
		j, err := c.variantJob(v, b)
		if err != nil {
			return nil, err
		}
		hash, err := record.Hash(j.config)
		if err != nil {
			return nil, err
		}
		if _, ok := b.Variants[v.Name]; ok && b.Provenance[v.Name].Run == hash {
			fmt.Fprintf(o.Out, "%s: trained already, %s\n", v.Name, b.path(v.Name))
			continue
		}
		if v.Published() {
			path, err := v.Fetch(ctx, o.Out)
			if err != nil {
				return nil, err
			}
			j.start = map[string]string{v.scope(): path}
		}
		dir, p, err := j.run(ctx, o)
		if err != nil {
			return nil, err
		}
		if err := b.writeVariant(variantManifest{Variant: v, Provenance: p}, filepath.Join(dir, weightsFile)); err != nil {
			return nil, err
		}
	}
	return LoadBundle(b.Dir)
}
