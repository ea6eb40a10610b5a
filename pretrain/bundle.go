package pretrain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// Bundle is a folder with the networks that distillation starts from and is scored by.
type Bundle struct {
	Dir       string
	Config    Config
	DataHash  string
	Files     map[string]string // SHA-256 of every weights file, by part or variant
	Words     *tokenizer.Words
	PairWords *tokenizer.Words

	Variants map[string]Variant // other networks for some parts, by name
	Unfit    map[string]string  // variants in the folder that do not belong to this bundle, with the reason

	Student *Student // nil where none is shipped
}

// manifest is bundle.json.
type manifest struct {
	Config     Config                `json:"config"`
	DataHash   string                `json:"data_hash"`
	Files      map[string]string     `json:"sha256"`
	Words      *tokenizer.Words      `json:"words"`
	PairWords  *tokenizer.Words      `json:"pair_words"`
	Provenance map[string]Provenance `json:"provenance"`
	Student    *Student              `json:"student,omitempty"`
}

// Provenance says how a part was made.
type Provenance struct {
	Command     string             `json:"command"`
	Environment record.Environment `json:"environment"`
	Steps       int                `json:"steps"`
	Seconds     float64            `json:"seconds"`
	Run         string             `json:"run"` // hash of the run's config
}

// Parts are the networks of a bundle in the order in which they are trained. The classifier exists only for the built-in world.
var Parts = []string{"text", "features", "classifier", "pair", "teacher"}

const manifestName = "bundle.json"

// LoadBundle reads a bundle's manifest and checks that its files are the ones it names.
func LoadBundle(dir string) (*Bundle, error) {
	var m manifest
	path := filepath.Join(dir, manifestName)
	if err := record.ReadJSON(path, &m); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("pretrain: no pretrained networks in %s, want the folder that `go run ./experiments/pretrain` writes", dir)
		}
		return nil, fmt.Errorf("pretrain: %w", err)
	}
	if err := m.Config.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.Words == nil || m.PairWords == nil {
		return nil, fmt.Errorf("pretrain: %s: words or pair_words are missing, want both tokenizers", path)
	}
	for _, words := range []*tokenizer.Words{m.Words, m.PairWords} {
		if err := words.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for part, want := range m.Files {
		if err := checkSHA256(filepath.Join(dir, part+".safetensors"), want, manifestName); err != nil {
			return nil, err
		}
	}
	b := &Bundle{Dir: dir, Config: m.Config, DataHash: m.DataHash, Files: m.Files, Words: m.Words, PairWords: m.PairWords, Student: m.Student}
	return b, b.loadVariants()
}

// Has reports whether a part is in the bundle.
func (b *Bundle) Has(part string) bool { _, ok := b.Files[part]; return ok }

// MadeFor reports whether the networks were trained on a dataset.
func (b *Bundle) MadeFor(data dataset.Dataset) error {
	if b.DataHash != data.Hash() {
		return fmt.Errorf("pretrain: the networks in %s were trained on %s, not on %s (%s)", b.Dir, b.DataHash, data.Name(), data.Hash())
	}
	return nil
}

// Into loads parts into a store as weights that are not trained, each below the scope of its name. The file must hold exactly
// the tensors of the architecture.
func (b *Bundle) Into(backend compute.Backend, store *model.Store, parts ...string) error {
	for _, part := range parts {
		if err := b.Load(backend, store, "/"+part, part); err != nil {
			return err
		}
	}
	return nil
}

// Load is Into for one part or variant and a scope of the caller's.
func (b *Bundle) Load(backend compute.Backend, store *model.Store, scope, part string) error {
	if !b.Has(part) {
		return fmt.Errorf("pretrain: %s holds no %s, want %s.safetensors", b.Dir, part, part)
	}
	path := b.path(part)
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	if err := b.Check(backend, part, file); err != nil {
		return fmt.Errorf("pretrain: %s: %w", path, err)
	}
	if err := weights.Into(store, scope, file); err != nil {
		return fmt.Errorf("pretrain: %s: %w", path, err)
	}
	for v := range store.Scope(scope).IterVariables() {
		v.SetTrainable(false)
	}
	return nil
}

// WriteBundle writes the weights of all parts (below the scope of their name in their stores) into dir as float16, then the manifest. If
// it is killed before that, there is no bundle.
func WriteBundle(dir string, c *Trainer, stores map[string]*model.Store, provenance map[string]Provenance) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	m := manifest{Config: c.Config, DataHash: c.Data.Hash(), Words: c.Words, PairWords: c.PairWords, Files: map[string]string{}, Provenance: map[string]Provenance{}}
	if err := forget(filepath.Join(dir, manifestName)); err != nil {
		return err
	}
	for part, store := range stores {
		file, err := weights.FromStore(store, "/"+part)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, part+".safetensors")
		if err := weights.Write(path, file, weights.F16); err != nil {
			return err
		}
		if m.Files[part], err = weights.SHA256(path); err != nil {
			return err
		}
		m.Provenance[part] = provenance[part]
	}
	return record.WriteJSON(filepath.Join(dir, manifestName), m)
}

// DefaultDir is the folder of the bundle of a dataset and scale.
func DefaultDir(data, scale string) string {
	if scale != "cpu" {
		data += "-" + scale
	}
	return filepath.Join("pretrained", data)
}
