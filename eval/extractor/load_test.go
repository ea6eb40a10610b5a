package extractor

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/addlab/addlab/network/weights"
)

// writeUnchecked writes weights that weights.Write would refuse.
func writeUnchecked(t testing.TB, f *weights.File) string {
	t.Helper()
	raw := &weights.RawFile{Tensors: map[string]weights.Raw{}}
	for name, v := range f.Tensors {
		var b []byte
		for _, x := range v.Data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
		raw.Tensors[name] = weights.Raw{DType: weights.F32, Shape: v.Shape, Bytes: b}
	}
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := weights.WriteRaw(path, raw); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v, want … %s …", err, p)
		}
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q, want one line", err)
	}
}

func TestWrongWeightsAreRefused(t *testing.T) {
	m := readModels(t)
	good := func() *weights.File { return m.Models["dinov2"].weights() }
	open := func(f *weights.File) error {
		x, err := openSmallDINOv2(t, options(t, writeUnchecked(t, f)))
		if err == nil {
			x.Close()
		}
		return err
	}
	if err := open(good()); err != nil {
		t.Fatal(err)
	}

	missing := good()
	delete(missing.Tensors, "layernorm.bias")
	wantError(t, open(missing), "SHA-256", "1 missing (norm.bias)")

	more := good()
	more.Tensors["head.weight"] = weights.Tensor{Shape: []int{1}, Data: []float32{0}}
	wantError(t, open(more), "1 unexpected (head.weight)")

	shape := good()
	shape.Tensors["embeddings.position_embeddings"] = weights.Tensor{Shape: []int{1, 17, 16}, Data: make([]float32, 17*16)}
	wantError(t, open(shape), "pos_embed [1 17 16], want [1 26 16]")

	wantError(t, open(m.Models["open_clip"].weights()), "missing", "unexpected")

	// Tensors whose names promise axes that they do not have must not be a panic.
	odd := m.Models["open_clip"].weights()
	odd.Tensors["visual.transformer.resblocks.0.attn.in_proj_bias"] = weights.Tensor{Shape: []int{}, Data: []float32{1}}
	odd.Tensors["visual.proj"] = weights.Tensor{Shape: []int{3}, Data: []float32{1, 2, 3}}
	_, err := smallCLIP(false).open(t.Context(), options(t, writeUnchecked(t, odd)))
	wantError(t, err, "of another shape")
	half := good()
	delete(half.Tensors, "encoder.layer.0.attention.attention.key.weight")
	wantError(t, open(half), "blocks.0.attn.qkv.weight")
	scalar := good()
	scalar.Tensors["encoder.layer.0.attention.attention.query.bias"] = weights.Tensor{Shape: []int{}, Data: []float32{1}}
	wantError(t, open(scalar), "blocks.0.attn.qkv.bias")
}

func TestFilesThatAreNotWhatTheirNameSaysAreRefused(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile(writeUnchecked(t, readModels(t).Models["dinov2"].weights()))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := openCheckpoint(writeFile(t, filepath.Join(dir, "x.safetensors"), good), nil)
	if err != nil {
		t.Fatal(err)
	}
	published := []string{"w-" + sum.sum[:8] + ".pth", "w-6726825d.pth"}
	for _, name := range []string{published[0], "mine-20231105.pth"} { // a date
		if _, err = openCheckpoint(writeFile(t, filepath.Join(dir, name), good), published); err != nil {
			t.Error(err)
		}
	}
	_, err = openCheckpoint(writeFile(t, filepath.Join(dir, published[1]), good), published)
	wantError(t, err, "SHA-256 = "+sum.sum, "want 6726825d… as its name says")

	// HuggingFace's cache names what a link points to by its hash.
	blob := writeFile(t, filepath.Join(dir, strings.Repeat("a1", 32)), good)
	link := filepath.Join(dir, "model.safetensors")
	if err := os.Symlink(blob, link); err != nil {
		t.Skip(err)
	}
	_, err = openCheckpoint(link, nil)
	wantError(t, err, "want "+strings.Repeat("a1", 32))
}

func writeFile(t testing.TB, path string, b []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFolderOfWeightsIsSearched(t *testing.T) {
	dir := t.TempDir()
	usual := []string{"model.safetensors", "pytorch_model.bin"}
	_, err := weightsFile(dir, usual)
	wantError(t, err, "has 0 files of weights, want one of model.safetensors, pytorch_model.bin")
	only := writeFile(t, filepath.Join(dir, "mine.pth"), nil)
	writeFile(t, filepath.Join(dir, "README.md"), nil)
	if got, err := weightsFile(dir, usual); err != nil || got != only {
		t.Errorf("file = %q, %v, want the only one", got, err)
	}
	writeFile(t, filepath.Join(dir, "other.pth"), nil)
	_, err = weightsFile(dir, usual)
	wantError(t, err, "has 2 files")
	writeFile(t, filepath.Join(dir, "pytorch_model.bin"), nil)
	best := writeFile(t, filepath.Join(dir, "model.safetensors"), nil)
	if got, err := weightsFile(dir, usual); err != nil || got != best {
		t.Errorf("file = %q, %v, want the best", got, err)
	}
	_, err = weightsFile(filepath.Join(dir, "absent"), usual)
	wantError(t, err, "absent")
}
