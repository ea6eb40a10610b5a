package pretrain

import (
	"fmt"
	"path/filepath"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/weights"
)

// start is what a part's training begins with: files of weights by the scope they go below, and a name that enters the hash of the
// run. The zero value is a training from scratch.
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

// afterText is how a teacher begins: with the text encoder of the text part's run.
func afterText(dir string) start {
	return start{name: filepath.Base(dir), files: map[string]string{"/text": filepath.Join(dir, weightsFile)}}
}

// continued lists the parts that can go on from a bundle, with the scopes that their weights go below.
var continued = map[string]map[string]string{
	"features": {"/features/vit": "features"},
	"teacher":  {"/teacher": "teacher", "/text": "text"},
}

// continueFrom is the start of a part at the weights of a bundle.
func (c *Context) continueFrom(b *Bundle, part string) (start, error) {
	scopes, ok := continued[part]
	if !ok {
		return start{}, fmt.Errorf("pretrain: %s cannot go on from a bundle, want features or teacher", part)
	}
	s := start{name: fmt.Sprintf("bundle %.12s", b.Files[part]), files: map[string]string{}}
	if part == "teacher" {
		s.name += fmt.Sprintf(" %.12s", b.Files["text"])
	}
	for scope, file := range scopes {
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

// fits tells why parts cannot be shared with a bundle: words and data must be the same.
func (c *Context) fits(b *Bundle) error {
	if have, want := b.DataHash, c.Data.Hash(); have != want {
		return fmt.Errorf("pretrain: the networks in %s were trained on %s, want %s", b.Dir, have, want)
	}
	have, err := record.Hash(b.Words)
	if err != nil {
		return err
	}
	want, err := record.Hash(c.Words)
	if err == nil && have != want {
		err = fmt.Errorf("pretrain: the words of %s are others than those of %s", b.Dir, c.Data.Name())
	}
	return err
}

// take gives a part of a bundle as it is, in a store below the scope of its name, with its provenance.
func (b *Bundle) take(part string) (*model.Store, Provenance, error) {
	var m manifest
	if err := record.ReadJSON(filepath.Join(b.Dir, manifestName), &m); err != nil {
		return nil, Provenance{}, fmt.Errorf("pretrain: %w", err)
	}
	store := model.NewStore()
	err := start{files: map[string]string{"/" + part: filepath.Join(b.Dir, part+".safetensors")}}.into(store)
	return store, m.Provenance[part], err
}
