// Package tinybundle makes bundles of random networks that run in milliseconds, for tests of what reads bundles.
package tinybundle

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/internal/tinyworld"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
	"github.com/addlab/addlab/pretrain"
)

// trainer has the configuration of the bundles, tokenizers included.
var trainer = sync.OnceValue(func() *pretrain.Trainer {
	cfg, err := pretrain.DefaultConfig("smoke")
	if err != nil {
		panic(err)
	}
	net := network.ConvNetConfig{Widths: []int{16}, Blocks: 1, Out: 16}
	text := network.TextConfig{Width: 8, Layers: 1, Heads: 2, Projection: 16}
	unet := network.TinyUNet(8)
	unet.BlockOutChannels, unet.Heads, unet.CrossAttention = []int{8, 8}, []int{2, 2}, []bool{false, true}
	cfg.Size, cfg.Context = tinyworld.Size, 10
	cfg.Networks = pretrain.Networks{
		Text: text, Tower: net, UNet: unet, Classifier: net, PairText: text, PairImage: net,
		Features: network.ViTConfig{Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch"},
	}
	c := &pretrain.Trainer{Config: cfg, Data: tinyworld.Album(200), Backend: graphtest.Engine()} // few captions are read from an album
	if err := c.Prepare(); err != nil {
		panic(err)
	}
	c.Data = tinyworld.New()
	return c
})

// Write makes a bundle of the named parts and returns its folder.
func Write(t testing.TB, parts ...string) string {
	t.Helper()
	dir, files := t.TempDir(), map[string]string{}
	for _, part := range parts {
		files[part] = WritePart(t, part, 1)
	}
	if err := pretrain.WriteBundle(dir, trainer(), files, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Load makes a bundle and reads it.
func Load(t testing.TB, parts ...string) *pretrain.Bundle {
	t.Helper()
	b, err := pretrain.LoadBundle(Write(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Store is a part with noise on all its weights.
func Store(t testing.TB, part string, seed int64) *model.Store {
	t.Helper()
	store := model.NewStore()
	network.Seed(store, 1)
	pretrain.Build(graphtest.Engine(), store, part, trainer().Config)
	graphtest.Shake(t, store, seed, .2)
	return store
}

// WritePart writes the weights of a part alone, a student's for example, and returns the path.
func WritePart(t testing.TB, part string, seed int64) string {
	t.Helper()
	file, err := weights.FromStore(Store(t, part, seed), "/"+part)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), part+".safetensors")
	if err := weights.Write(path, file, weights.F32); err != nil {
		t.Fatal(err)
	}
	return path
}
