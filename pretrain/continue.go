package pretrain

import (
	"fmt"
	"os"
	"slices"
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
func (b *Bundle) continueFrom(part string) start {
	s := start{name: fmt.Sprintf("bundle %.12s", b.Files[part]), files: map[string]string{}}
	if part == "teacher" {
		s.name += fmt.Sprintf(" %.12s", b.Files["text"])
	}
	for scope, file := range continued[part] {
		s.files[scope] = b.path(file)
	}
	return s
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
	if !slices.Equal(b.Words.Vocabulary, c.Words.Vocabulary) || !slices.Equal(b.PairWords.Vocabulary, c.PairWords.Vocabulary) {
		return fmt.Errorf("pretrain: the vocabulary of %s differs from that of %s", b.Dir, c.Data.Name())
	}
	return b.Want(PartsOf(c.Data)...)
}
