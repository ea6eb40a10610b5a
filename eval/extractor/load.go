package extractor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/engine"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// checkpoint is a file of weights that has been found and hashed.
type checkpoint struct {
	path, sum string // sum is the hexadecimal SHA-256
}

// hashed are names that say how the file's SHA-256 begins (PyTorch's hub) or what it is (the store of HuggingFace's cache).
var (
	hubHash  = regexp.MustCompile(`-([0-9a-f]{8,64})\.(pth|pt)$`)
	blobHash = regexp.MustCompile(`^([0-9a-f]{64})$`)
)

// openCheckpoint hashes a file. Of PyTorch's names those listed by the kind count: in others a date looks like a hash.
func openCheckpoint(path string, listed []string) (checkpoint, error) {
	sum, err := weights.SHA256(path)
	if err != nil {
		return checkpoint{}, err
	}
	var promised []string
	if name := filepath.Base(path); slices.Contains(listed, name) {
		promised = hubHash.FindStringSubmatch(name)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil && promised == nil {
		promised = blobHash.FindStringSubmatch(filepath.Base(real))
	}
	if promised != nil && !strings.HasPrefix(sum, promised[1]) {
		return checkpoint{}, fmt.Errorf("extractor: %s: SHA-256 = %s, want %s… as its name says (broken or cut short? remove it and fetch it again)", path, sum, promised[1])
	}
	return checkpoint{path: path, sum: sum}, nil
}

// namer translates the names of a file's tensors to those of the graph; declaration builds a further graph over the same weights.
type (
	namer       func(*weights.File)
	declaration func(*model.Scope, *Graph)
)

// load reads the file into a store: the tensors must be exactly those that build declares, by name and shape, once names has
// translated them.
func (c checkpoint) load(backend compute.Backend, names namer, build declaration) (*model.Store, error) {
	store := model.NewStore()
	if err := network.Declare(backend, store, build); err != nil {
		return nil, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // gigabytes are not to be in memory twice
	f, err := weights.ReadAny(c.path)
	if err == nil {
		names(f)
		err = weights.Check(store, "/", f)
	}
	if err != nil {
		store.Finalize()
		return nil, fmt.Errorf("extractor: %s (SHA-256 %s) does not hold this network: %w", c.path, c.sum, err)
	}
	if err := move(backend, store, f); err != nil {
		store.Finalize()
		return nil, err
	}
	return store, nil
}

// move gives the variables their values tensor by tensor; what has gone to the device leaves the memory of this program.
func move(backend compute.Backend, store *model.Store, f *weights.File) error {
	defer debug.FreeOSMemory()
	for name, t := range f.Tensors {
		if err := weights.Into(store, "/", &weights.File{Tensors: map[string]weights.Tensor{name: t}}); err != nil {
			return err
		}
		path, err := weights.Path("/", name)
		if err != nil {
			return err
		}
		value, err := store.GetVariable(path).Value()
		if err == nil {
			err = value.ToDevice(backend, 0)
		}
		if err != nil {
			return fmt.Errorf("extractor: tensor %q: %w", name, err)
		}
		delete(f.Tensors, name)
	}
	return nil
}

// weightsFile finds the file in what the user named: the file itself, or a folder that holds one of the usual names or a single
// file of weights.
func weightsFile(path string, usual []string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("extractor: weights: %w", err)
	}
	if !info.IsDir() {
		return path, nil
	}
	for _, name := range usual {
		if file := filepath.Join(path, name); isFile(file) {
			return file, nil
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", fmt.Errorf("extractor: weights: %w", err)
	}
	var found []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); slices.Contains([]string{".safetensors", ".pth", ".pt", ".bin"}, ext) && !e.IsDir() {
			found = append(found, e.Name())
		}
	}
	if len(found) == 1 {
		return filepath.Join(path, found[0]), nil
	}
	return "", fmt.Errorf("extractor: weights = %q has %d files of weights, want one of %s", path, len(found), strings.Join(usual, ", "))
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// codeVersion is part of every key; it changes when the same weights and pictures would give other features.
const codeVersion = "1"

// roundedBy adds to a key how the engine rounds, where it gives other features than float32: the same cache may serve several engines.
func roundedBy(backend compute.Backend, key string) string {
	if how := engine.Rounding(backend); how != "" {
		key += " " + how
	}
	return key
}

func (c checkpoint) key(kind, mode string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{codeVersion, kind, mode, c.sum}, "\x00")))
	return hex.EncodeToString(sum[:])
}

func (c checkpoint) name(kind, mode string) string {
	if mode != "" {
		kind += " (" + mode + ")"
	}
	return fmt.Sprintf("%s, weights %s, SHA-256 %s", kind, filepath.Base(c.path), c.sum)
}

// published is a kind whose weights others publish in a file.
type published struct {
	kind   string
	modes  []string // the default first; empty where there is one preprocessing
	source source
	names  namer
	batch  int
	images func(scope *model.Scope, x *Node) []*Node
	more   declaration             // a further graph over the same weights
	found  func(path string) error // may refuse the file before it is read; nil refuses none
}

func (p published) open(ctx context.Context, o Options, r *runner, prepare map[string]preprocess) (c checkpoint, err error) {
	if o.Mode != "" && !slices.Contains(p.modes, o.Mode) {
		return c, fmt.Errorf("extractor: mode = %q, want %s for %s", o.Mode, cmp.Or(strings.Join(p.modes, " or "), "none"), p.kind)
	}
	mode := o.Mode
	if mode == "" && len(p.modes) > 0 {
		mode = p.modes[0]
	}
	path, err := p.source.find(ctx, o)
	if err != nil {
		return c, err
	}
	if err := ctx.Err(); err != nil {
		return c, err
	}
	if p.found != nil {
		if err := p.found(path); err != nil {
			return c, err
		}
	}
	if c, err = openCheckpoint(path, p.source.torch); err != nil {
		return c, err
	}
	if o.found != nil {
		o.found(c.sum)
	}
	if r.backend, err = o.Engine(ctx); err != nil {
		return c, err
	}
	r.name, r.key, r.prepare = c.name(p.kind, mode), roundedBy(r.backend, c.key(p.kind, mode)), prepare[mode]
	r.store, err = c.load(r.backend, p.names, func(scope *model.Scope, g *Graph) {
		p.images(scope, Parameter(g, "pictures", shapes.Make(dtypes.Float32, 1, r.size, r.size, 3)))
		if p.more != nil {
			p.more(scope, g)
		}
	})
	if err != nil {
		return c, err
	}
	if r.images, err = r.compile(cmp.Or(o.Batch, p.batch), false, p.images); err != nil {
		r.store.Finalize()
	}
	return c, err
}
