package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/dataset"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/pretrain"
	"github.com/addlab/addlab/rng"
	"github.com/addlab/addlab/weights"
)

const tinySize = 8

var goEngine = sync.OnceValue(func() compute.Backend {
	b, err := compute.NewWithConfig("go")
	if err != nil {
		panic(err)
	}
	return b
})

// finite is the built-in world with an end, from which tokenizers can be made.
type finite struct{ *dataset.Scenes }

func (f finite) Train() dataset.Source { return page{f.Scenes.Train()} }

type page struct{ dataset.Source }

func (page) Len() int { return 200 }

func tinyWorld(t testing.TB) *dataset.Scenes {
	t.Helper()
	cfg := dataset.DefaultScenes()
	cfg.Size = tinySize
	world, err := dataset.NewScenes(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return world
}

// tinyBundle writes networks of random weights.
func tinyBundle(t testing.TB, parts ...string) string {
	t.Helper()
	cfg, err := pretrain.DefaultConfig("smoke")
	if err != nil {
		t.Fatal(err)
	}
	net := network.ConvNetConfig{Widths: []int{16}, Blocks: 1, Out: 16}
	text := network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 16}
	unet := network.TinyUNet(8)
	unet.BlockOutChannels, unet.Heads, unet.CrossAttention = []int{8, 8}, []int{2, 2}, []bool{false, true}
	cfg.Size, cfg.Context = tinySize, 10
	cfg.Networks = pretrain.Networks{
		Text: text, Tower: net, UNet: unet, Classifier: net, PairText: text, PairImage: net,
		Features: network.ViTConfig{Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"},
	}
	world := tinyWorld(t)
	c := &pretrain.Context{Config: cfg, Data: finite{world}, Backend: goEngine()}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	c.Data = world
	stores := map[string]*model.Store{}
	for _, part := range parts {
		stores[part] = randomStore(t, part, c.Config, 1)
	}
	dir := t.TempDir()
	if err := pretrain.WriteBundle(dir, c, stores, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// randomStore is a part with noise on all weights: layers that begin with zeros would see no difference between pictures.
func randomStore(t testing.TB, part string, cfg pretrain.Config, seed int64) *model.Store {
	t.Helper()
	store := model.NewStore()
	network.Seed(store, 1)
	pretrain.Build(goEngine(), store, part, cfg)
	for v := range store.IterVariables() {
		x := tensors.MustCopyFlatData[float32](v.MustValue())
		for i, z := range rng.Normal(rng.New(seed, "test"+v.Path(), 0), len(x)) {
			x[i] += 0.2 * z
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(x, v.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// writeStudent writes another teacher's weights as a student.
func writeStudent(t testing.TB, path string, cfg pretrain.Config) {
	t.Helper()
	file, err := weights.FromStore(randomStore(t, "teacher", cfg, 2), "/teacher")
	if err != nil {
		t.Fatal(err)
	}
	if err := weights.Write(path, file, weights.F32); err != nil {
		t.Fatal(err)
	}
}

// album writes n coloured pictures with captions, the same for equal seeds.
func album(t testing.TB, n int, seed int64, captions bool) string {
	t.Helper()
	dir := t.TempDir()
	var lines bytes.Buffer
	for i := range n {
		r := rng.New(seed, "album", i)
		m := image.NewRGBA(image.Rect(0, 0, tinySize, tinySize))
		base := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		for y := range tinySize {
			for x := range tinySize {
				c := base
				if x > r.IntN(tinySize) {
					c.R, c.G = c.G, c.R
				}
				m.SetRGBA(x, y, c)
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("%04d.png", i)
		put(t, filepath.Join(dir, name), b.String())
		fmt.Fprintf(&lines, "{\"file_name\": %q, \"text\": \"a red ring %d\"}\n", name, i%5)
	}
	if captions {
		put(t, filepath.Join(dir, "metadata.jsonl"), lines.String())
	}
	return dir
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// alone gives the test folders of its own for what the program keeps.
func alone(t testing.TB) {
	t.Helper()
	for _, name := range []string{"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
	t.Setenv("GOMLX_NO_AUTO_INSTALL", "1")
}

// call runs the program and wants it to succeed.
func call(t testing.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	if rc := run(t.Context(), args, &out, &err); rc != 0 {
		t.Fatalf("evaluate %q: rc = %d, stderr = %s", args, rc, &err)
	}
	return out.String(), err.String()
}

// callJSON runs the program with --json.
func callJSON(t testing.TB, args ...string) result {
	t.Helper()
	stdout, _ := call(t, append(args, "--json")...)
	var r result
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("stdout is no JSON: %v\n%s", err, stdout)
	}
	return r
}

// onWrite calls back for everything that is written.
type onWrite func(text string)

func (f onWrite) Write(b []byte) (int, error) { f(string(b)); return len(b), nil }

var _ io.Writer = onWrite(nil)
