package lessons

import (
	"bytes"
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"

	"github.com/addlab/addlab/diffusion/pipeline"
	"github.com/addlab/addlab/eval/protocol"
	"github.com/addlab/addlab/record"
)

// Seen are pictures as the evaluation networks see them: a row per picture.
type Seen = protocol.Embeddings

// Real looks at the first n held-out pictures.
func (l *Lab) Real(n int) (Seen, error) { return l.seen(0, n) }

// Generated looks at what the teacher draws in some steps for the captions of the first n held-out pictures.
func (l *Lab) Generated(steps, n int) (Seen, error) { return l.seen(steps, n) }

// seen finds embeddings that another cell has computed, or computes them. Pictures of no steps are the real ones.
func (l *Lab) seen(steps, n int) (s Seen, err error) {
	hash, err := record.Hash(map[string]any{"data": l.Data.Hash(), "weights": l.Bundle.Files, "steps": steps, "n": n})
	if err != nil {
		return s, err
	}
	path := filepath.Join(l.Runs, "seen", hash+".gob")
	if data, err := os.ReadFile(path); err == nil {
		err = gob.NewDecoder(bytes.NewReader(data)).Decode(&s)
		return s, err
	}
	e, err := l.Evaluator()
	if err != nil {
		return s, err
	}
	captions, images, err := l.Prompts(n)
	if err != nil {
		return s, err
	}
	pictures := flat(images)
	if steps > 0 {
		generator, err := e.Generator(pipeline.Teacher(steps, Guidance), min(n, e.Setup.Batch))
		if err != nil {
			return s, err
		}
		if pictures, _, err = generator.Draw(l.ctx, captions, 1); err != nil {
			return s, err
		}
	}
	if s, err = e.Embed(l.ctx, pictures, captions); err != nil {
		return s, err
	}
	var data bytes.Buffer
	if err := errors.Join(gob.NewEncoder(&data).Encode(s), os.MkdirAll(filepath.Dir(path), 0o777)); err != nil {
		return s, err
	}
	return s, record.WriteFile(path, data.Bytes())
}
