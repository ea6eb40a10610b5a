package pretrain

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// start holds the initial weights of a part's training: files by scope, and a name that enters the hash of the run. The zero value
// trains from scratch.
type start struct {
	name  string
	files map[string]string
}

// into loads the weights of the start.
func (s start) into(store *model.Store) error {
	for scope, path := range s.files {
		file, err := weights.Read(path)
		if err != nil {
			return err
		}
		if err := weights.Into(store, scope, file); err != nil {
			return fmt.Errorf("pretrain: %s: %w", path, err)
		}
	}
	return nil
}

// afterText starts a teacher with the text encoder of the text part's run.
func afterText(dir string) start {
	return start{name: filepath.Base(dir), files: map[string]string{"/text": filepath.Join(dir, weightsFile)}}
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
	for scope, file := range continued[part] {
		path := filepath.Join(b.Dir, file+".safetensors")
		have, err := weights.Read(path)
		if err != nil {
			return start{}, err
		}
		here := *b
		here.Config = c.Config // the architecture that is to be trained, not the bundle's
		if err := here.Check(c.Backend, file, have); err != nil {
			return start{}, fmt.Errorf("pretrain: %s: %w", path, err)
		}
		s.files[scope] = path
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
	if sameFolder(dir, b.Dir) {
		return fmt.Errorf("pretrain: out = %s is the bundle to continue, want another folder", dir)
	}
	if err := c.fits(b); err != nil {
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

func sameFolder(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// fits returns an error if parts cannot be shared with a bundle: words and data must be the same.
func (c *Trainer) fits(b *Bundle) error {
	if err := b.MadeFor(c.Data); err != nil {
		return err
	}
	same, err := sameHash(map[string]any{"words": b.Words, "pair": b.PairWords}, map[string]any{"words": c.Words, "pair": c.PairWords})
	if err == nil && !same {
		err = fmt.Errorf("pretrain: the vocabulary of %s differs from that of %s", b.Dir, c.Data.Name())
	}
	return err
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
	same, err := sameHash(have, want)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("pretrain: the config's %s differs from the one in %s, which is copied; want that bundle's fields", part, b.Dir)
	}
	if !b.Has(part) {
		return fmt.Errorf("pretrain: %s holds no %s, want %s.safetensors", b.Dir, part, part)
	}
	file, err := weights.Read(b.path(part))
	if err != nil {
		return err
	}
	if err := b.Check(c.Backend, part, file); err != nil {
		return fmt.Errorf("pretrain: %s: %w", b.path(part), err)
	}
	return nil
}

func sameHash(a, b any) (bool, error) {
	x, err := record.Hash(a)
	if err != nil {
		return false, err
	}
	y, err := record.Hash(b)
	return x == y, err
}

// take loads a part of a bundle below the scope of its name, with its provenance.
func (b *Bundle) take(part string) (*model.Store, Provenance, error) {
	var m manifest
	if err := record.ReadJSON(filepath.Join(b.Dir, manifestName), &m); err != nil {
		return nil, Provenance{}, fmt.Errorf("pretrain: %w", err)
	}
	store := model.NewStore()
	err := start{files: map[string]string{"/" + part: filepath.Join(b.Dir, part+".safetensors")}}.into(store)
	return store, m.Provenance[part], err
}
