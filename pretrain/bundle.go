package pretrain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/record"
	"github.com/addlab/addlab/tokenizer"
	"github.com/addlab/addlab/weights"
)

// Bundle is a folder with everything that distillation starts from and is judged by.
type Bundle struct {
	Dir       string
	Config    Config
	DataHash  string
	Files     map[string]string // SHA-256 of every weights file, by part
	Words     *tokenizer.Words
	PairWords *tokenizer.Words
}

// manifest is bundle.json.
type manifest struct {
	Config     Config                `json:"config"`
	DataHash   string                `json:"data_hash"`
	Files      map[string]string     `json:"sha256"`
	Words      *tokenizer.Words      `json:"words"`
	PairWords  *tokenizer.Words      `json:"pair_words"`
	Provenance map[string]Provenance `json:"provenance"`
}

// Provenance tells how a part came to be.
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
			return nil, fmt.Errorf("pretrain: no pretrained networks in %s: want the folder that `go run ./experiments/pretrain` writes", dir)
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
		file := filepath.Join(dir, part+".safetensors")
		got, err := weights.SHA256(file)
		if err != nil {
			return nil, fmt.Errorf("pretrain: %w", err)
		}
		if got != want {
			return nil, fmt.Errorf("pretrain: %s has SHA-256 %.12s…, want %.12s… as %s says: the file is damaged or from elsewhere", file, got, want, manifestName)
		}
	}
	return &Bundle{Dir: dir, Config: m.Config, DataHash: m.DataHash, Files: m.Files, Words: m.Words, PairWords: m.PairWords}, nil
}

// Has tells whether a part is in the bundle.
func (b *Bundle) Has(part string) bool { _, ok := b.Files[part]; return ok }

// Into loads parts into a store, each below the scope of its name, as weights that training does not touch. Every tensor must
// be one that the architecture wants, and none may be missing.
func (b *Bundle) Into(backend compute.Backend, store *model.Store, parts ...string) error {
	for _, part := range parts {
		if !b.Has(part) {
			return fmt.Errorf("pretrain: %s holds no %s, want %s.safetensors", b.Dir, part, part)
		}
		path := filepath.Join(b.Dir, part+".safetensors")
		file, err := weights.Read(path)
		if err != nil {
			return err
		}
		if err := b.Check(backend, part, file); err != nil {
			return fmt.Errorf("pretrain: %s: %w", path, err)
		}
		if err := weights.Into(store, "/"+part, file); err != nil {
			return fmt.Errorf("pretrain: %s: %w", path, err)
		}
		for v := range store.Scope("/" + part).IterVariables() {
			v.SetTrainable(false)
		}
	}
	return nil
}

// Check compares the tensors of a file with the variables that building the network creates.
func (b *Bundle) Check(backend compute.Backend, part string, file *weights.File) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("building %s: %v", part, r)
		}
	}()
	store := model.NewStore()
	Build(backend, store, part, b.Config)
	return weights.Check(store, "/"+part, file)
}

// Build creates the variables of a part below the scope of its name, with initial values.
func Build(backend compute.Backend, store *model.Store, part string, cfg Config) {
	g := NewGraph(backend, part)
	defer g.Finalize()
	model.SetStore(g, store)
	scope, nets := store.Scope("/"+part), cfg.Networks
	images := Zeros(g, shapes.Make(dtypes.Float32, 1, cfg.Size, cfg.Size, 3))
	ids := func(context int) *Node { return Zeros(g, shapes.Make(dtypes.Int32, 1, context)) }
	switch part {
	case "text":
		network.TextEncoder(scope, nets.Text, ids(nets.Text.Context))
	case "teacher":
		tokens := Zeros(g, shapes.Make(dtypes.Float32, 1, nets.Text.Context, nets.UNet.CrossAttentionDim))
		pooled := Zeros(g, shapes.Make(dtypes.Float32, 1, max(nets.UNet.PooledDim, 1)))
		network.UNet(scope, nets.UNet, images, Zeros(g, shapes.Make(dtypes.Float32, 1)), tokens, pooled)
	case "features":
		network.ViT(scope, nets.Features, images, Zeros(g, shapes.Make(dtypes.Float32, 1, nets.Features.Patches())))
	case "classifier":
		c := Classifier{nets.Classifier}
		c.Logits(scope, c.Features(scope, images))
	case "pair":
		Pair{Text: nets.PairText, Image: nets.PairImage}.Loss(scope, ids(nets.PairText.Context), images)
	default:
		panic(fmt.Errorf("pretrain: part = %q, want one of %q", part, Parts))
	}
}

// WriteBundle writes the weights of all parts (below the scope of their name in their stores) into dir as float16, then the manifest.
func WriteBundle(dir string, c *Context, stores map[string]*model.Store, provenance map[string]Provenance) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("pretrain: %w", err)
	}
	m := manifest{Config: c.Config, DataHash: c.Data.Hash(), Words: c.Words, PairWords: c.PairWords, Files: map[string]string{}, Provenance: map[string]Provenance{}}
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

// DefaultDir is where the bundle of a dataset and scale stands.
func DefaultDir(data, scale string) string {
	if scale != "cpu" {
		data += "-" + scale
	}
	return filepath.Join("pretrained", data)
}
