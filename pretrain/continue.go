package pretrain

import (
	"fmt"
	"os"
	"slices"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/record"
)

// start holds the initial weights of a part's training: files by scope, and a name that enters the hash of the run. The zero value
// trains from scratch.
type start struct {
	name  string
	files map[string]string
}

// continued lists the parts that can be trained further from a bundle, with the scopes of their weights.
var continued = map[string]map[string]string{
	"features": {"/features/vit": "features"},
	"teacher":  {"/teacher": "teacher", "/text": "text"},
}

// continueFrom is the start of a part at the weights of a bundle.
func (c *Trainer) continueFrom(b *Bundle, part string) (start, error) {
	s := start{name: fmt.Sprintf("bundle %.12s", b.Files[part]), files: map[string]string{}}
	if part == "teacher" {
		s.name += fmt.Sprintf(" %.12s", b.Files["text"])
	}
	here := *b
	here.Config = c.Config // the architecture that is to be trained, not the bundle's
	for scope, file := range continued[part] {
		if err := here.Load(c.Backend, model.NewStore(), "/"+file, file); err != nil {
			return start{}, err
		}
		s.files[scope] = b.path(file)
	}
	return s, nil
}

// goesOn returns an error if parts of a bundle cannot be trained further into the folder dir, next to copies of its other parts.
func (c *Trainer) goesOn(b *Bundle, dir string, parts []string) error {
	for _, part := range parts {
		if continued[part] == nil {
			return fmt.Errorf("pretrain: %s cannot be trained further, want features or teacher", part)
		}
	}
	from, err := os.Stat(b.Dir)
	if err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	if to, err := os.Stat(dir); err == nil && os.SameFile(from, to) {
		return fmt.Errorf("pretrain: out = %s is the bundle to continue, want another folder", dir)
	}
	if err := b.MadeFor(c.Data); err != nil {
		return err
	}
	if err := sameHash(map[string]any{"words": b.Words, "pair": b.PairWords}, map[string]any{"words": c.Words, "pair": c.PairWords}, fmt.Errorf("pretrain: the vocabulary of %s differs from that of %s", b.Dir, c.Data.Name())); err != nil {
		return err
	}
	for _, part := range PartsOf(c.Data) {
		if slices.Contains(parts, part) {
			continue
		}
		if err := c.keeps(b, part); err != nil {
			return err
		}
	}
	return nil
}

// keeps returns an error if a part of a bundle cannot be copied next to parts that are trained further. Its file must hold the
// network of the config, and the config must be the one that made it; only the seed may differ.
func (c *Trainer) keeps(b *Bundle, part string) error {
	theirs := *c
	theirs.Config = b.Config
	theirs.Config.Seed = c.Config.Seed
	have, err := theirs.PartConfig(part, "")
	if err != nil {
		return err
	}
	want, err := c.PartConfig(part, "")
	if err != nil {
		return err
	}
	if err := sameHash(have, want, fmt.Errorf("pretrain: the config's %s differs from the one in %s, which is copied; want that bundle's fields", part, b.Dir)); err != nil {
		return err
	}
	return b.Load(c.Backend, model.NewStore(), "/"+part, part)
}

// sameHash returns the error different where two values have other hashes.
func sameHash(a, b any, different error) error {
	x, err := record.Hash(a)
	if err != nil {
		return err
	}
	y, err := record.Hash(b)
	if err == nil && x != y {
		err = different
	}
	return err
}
