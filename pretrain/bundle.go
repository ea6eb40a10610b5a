package pretrain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/diffusion"
	"github.com/addlab/addlab/network/tokenizer"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/record"
)

// Bundle is a folder with the networks that distillation starts from and is scored by. It is written as bundle.json.
type Bundle struct {
	Dir        string                `json:"-"`
	Scale      string                `json:"scale,omitempty"` // preset that Config began with; "" where it is not known
	Config     Config                `json:"config"`
	DataHash   string                `json:"data_hash"`
	Files      map[string]string     `json:"sha256"` // of every weights file, by part or variant
	Words      *tokenizer.Words      `json:"words"`
	PairWords  *tokenizer.Words      `json:"pair_words"`
	Provenance map[string]Provenance `json:"provenance"`
	Student    *Student              `json:"student,omitempty"` // nil where none is shipped

	Variants map[string]Variant `json:"-"` // other networks for some parts, by name
	Unfit    map[string]string  `json:"-"` // variants in the folder that do not belong to this bundle, with the reason
}

// Provenance says how a part was made.
type Provenance struct {
	Command     string             `json:"command"`
	Environment record.Environment `json:"environment"`
	Steps       int                `json:"steps"`
	Seconds     float64            `json:"seconds"`
	Run         string             `json:"run"` // hash of the run's config
}

const studentFile = "student"

// Student describes the student that a bundle ships, which draws in one step before anything is trained.
type Student struct {
	About   string         `json:"about"` // the recipe in words
	Scale   string         `json:"scale"`
	Times   []int          `json:"times"`             // of its training, in the paper's timesteps
	Form    diffusion.Form `json:"form,omitempty"`    // of its further steps; "" for renoise
	Net     string         `json:"net,omitempty"`     // variant that has its architecture; "" for the teacher
	Teacher string         `json:"teacher,omitempty"` // variant that it learned from; "" for the teacher

	Run         string             `json:"run"` // hash of the training's config
	Config      json.RawMessage    `json:"config"`
	Environment record.Environment `json:"environment"` // of the training
	Setup       any                `json:"setup"`       // of the metrics
	Metrics     any                `json:"metrics"`     // of the shipped file in one step
}

// Parts are the networks of a bundle in the order in which they are trained. The classifier exists only for built-in worlds.
var Parts = []string{"text", "features", "classifier", "pair", "teacher"}

const manifestName = "bundle.json"

// LoadBundle reads a bundle's manifest and checks that its files are the ones it names.
func LoadBundle(dir string) (*Bundle, error) {
	b, path := &Bundle{Dir: dir, Files: map[string]string{}, Provenance: map[string]Provenance{}}, filepath.Join(dir, manifestName)
	if err := record.ReadJSON(path, b); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("pretrain: no pretrained networks in %s, want the folder that `go run ./experiments/pretrain` writes", dir)
		}
		return nil, fmt.Errorf("pretrain: %w", err)
	}
	if err := b.Config.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, words := range []*tokenizer.Words{b.Words, b.PairWords} {
		if words == nil {
			return nil, fmt.Errorf("pretrain: %s: words or pair_words are missing, want both tokenizers", path)
		}
		if err := words.Validate(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for part, want := range b.Files {
		if err := checkSHA256(b.path(part), want, manifestName); err != nil {
			return nil, err
		}
	}
	return b, b.loadVariants()
}

// Has reports whether a part is in the bundle.
func (b *Bundle) Has(part string) bool { _, ok := b.Files[part]; return ok }

// Set is what the networks were trained on: their built-in world where the default, scenes, is asked for, else what is asked for.
func (b *Bundle) Set(asked dataset.Spec) dataset.Spec {
	if asked.Name == "scenes" && slices.Contains(dataset.Names(), b.Config.Data) {
		asked = dataset.Spec{Name: b.Config.Data}
	}
	return asked
}

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
	return b.LoadFile(backend, store, scope, part, b.path(part))
}

// LoadFile is Load for weights of a part's architecture in another file, such as a student's.
func (b *Bundle) LoadFile(backend compute.Backend, store *model.Store, scope, part, path string) error {
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

// WriteBundle writes the weights of all parts, which it reads from files, into dir as float16, then the manifest. If it is killed before
// that, there is no bundle. A student that dir ships stays if it belongs to these networks.
func WriteBundle(dir string, c *Trainer, files map[string]string, provenance map[string]Provenance) error {
	_, err := c.writeBundle(dir, files, provenance)
	return err
}

// writeBundle is WriteBundle. dropped says why dir does not ship its student any more; "" where it had none or has it still.
func (c *Trainer) writeBundle(dir string, files map[string]string, provenance map[string]Provenance) (dropped string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("pretrain: %w", err)
	}
	b := Bundle{Dir: dir, Scale: c.Scale, Config: c.Config, DataHash: c.Data.Hash(), Words: c.Words, PairWords: c.PairWords, Files: map[string]string{}, Provenance: map[string]Provenance{}}
	manifest := filepath.Join(dir, manifestName)
	var old Bundle
	if err := record.ReadJSON(manifest, &old); err != nil { // a manifest that cannot be read ships nothing
		old = Bundle{}
	}
	if err := forget(manifest); err != nil {
		return "", err
	}
	for part, from := range files {
		if b.Files[part], err = copyHalf(b.path(part), from); err != nil {
			return "", err
		}
		b.Provenance[part] = provenance[part]
	}
	if old.Student != nil {
		if dropped, err = b.keepStudent(old); err != nil {
			return "", err
		}
	}
	return dropped, record.WriteJSON(manifest, b)
}

// keepStudent takes over the student of the bundle that was in the same folder, if data, config and all networks are the same. Otherwise it
// says what differs.
func (b *Bundle) keepStudent(old Bundle) (differs string, err error) {
	var hashes [2]string
	for i, cfg := range []Config{old.Config, b.Config} {
		if hashes[i], err = record.Hash(cfg); err != nil {
			return "", err
		}
	}
	sum := old.Files[studentFile]
	delete(old.Files, studentFile)
	switch {
	case old.DataHash != b.DataHash:
		return "the data differ", nil
	case hashes[0] != hashes[1]:
		return "the config differs", nil
	case !maps.Equal(old.Files, b.Files):
		return "the networks differ", nil
	}
	if err := checkSHA256(b.path(studentFile), sum, manifestName); err != nil {
		return err.Error(), nil
	}
	b.Student, b.Files[studentFile] = old.Student, sum
	return "", nil
}

// copyHalf copies weights as float16 and returns the SHA-256 of the copy.
func copyHalf(to, from string) (sum string, err error) { return copyAs(weights.F16, to, from) }

func copyAs(dtype weights.DType, to, from string) (sum string, err error) {
	file, err := weights.Read(from)
	if err != nil {
		return "", err
	}
	if err := weights.Write(to, file, dtype); err != nil {
		return "", err
	}
	return weights.SHA256(to)
}

// DefaultDir is the folder of the bundle of a dataset and scale.
func DefaultDir(data, scale string) string {
	if scale != "cpu" {
		data += "-" + scale
	}
	return filepath.Join("pretrained", data)
}

// PutStudent copies a student into the bundle as float16. Killed on the way, it leaves a bundle without a student.
func (b *Bundle) PutStudent(path string, s Student) error {
	var m Bundle
	manifest := filepath.Join(b.Dir, manifestName)
	if err := record.ReadJSON(manifest, &m); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	m.Student = nil
	delete(m.Files, studentFile)
	if err := record.WriteJSON(manifest, m); err != nil {
		return err
	}
	sum, err := copyHalf(b.path(studentFile), path)
	if err != nil {
		return err
	}
	m.Student, m.Files[studentFile] = &s, sum
	return record.WriteJSON(manifest, m)
}
