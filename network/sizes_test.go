package network

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
)

// At full size the networks of Stable Diffusion 1.5, 2.1 and XL have the names and shapes of diffusers and transformers, and as many
// parameters as published.
func TestNetworksOfStableDiffusionHaveTheirWeights(t *testing.T) {
	text, err := os.ReadFile("testdata/sizes.json") // by testdata/sizes.py
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	published := map[string]int{"unet 1.5": 859_520_964, "unet 2.1": 865_910_724, "unet XL": 2_567_463_684, "vae": 83_653_863,
		"text CLIP-L": 123_060_480, "text OpenCLIP-H": 340_387_840, "text OpenCLIP bigG": 694_659_840}
	for name, parameters := range published {
		t.Run(name, func(t *testing.T) {
			var want struct {
				Config     json.RawMessage
				Parameters int
				SHA256     string
			}
			if err := json.Unmarshal(all[name], &want); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(file, want.Config, 0o666); err != nil {
				t.Fatal(err)
			}
			store := model.NewStore()
			if err := Declare(graphtest.Engine(), store, func(root *model.Scope, g *Graph) { declareSize(t, root.At("net"), g, name, file) }); err != nil {
				t.Fatal(err)
			}
			dims, n := stateDict(store), 0
			if dims["text_projection.weight"] == nil { // transformers 5 leaves the first part out
				dims = renamed(dims, func(s string) string { return strings.TrimPrefix(s, "text_model.") })
			}
			h := sha256.New()
			for _, tensor := range slices.Sorted(maps.Keys(dims)) {
				n += product(dims[tensor])
				fmt.Fprintf(h, "%s %s\n", tensor, strings.ReplaceAll(strings.Trim(fmt.Sprint(dims[tensor]), "[]"), " ", "×"))
			}
			if n != parameters || n != want.Parameters {
				t.Errorf("parameters = %d, want %d", n, parameters)
			}
			if sum := hex.EncodeToString(h.Sum(nil)); sum != want.SHA256 {
				t.Errorf("SHA-256 of names and shapes = %s, want %s", sum, want.SHA256)
			}
		})
	}
}

func declareSize(t *testing.T, scope *model.Scope, g *Graph, name, file string) {
	input := func(name string, dims ...int) *Node { return Parameter(g, name, shapes.Make(dtypes.Float32, dims...)) }
	var err error
	switch kind, _, _ := strings.Cut(name, " "); kind {
	case "unet":
		var cfg UNetConfig
		if cfg, _, err = ReadUNet(file); err == nil {
			cfg.Apply(scope, input("x", 1, 8, 8, 4), input("t", 1), input("tokens", 1, 2, cfg.CrossAttentionDim), input("pooled", 1, max(1, cfg.PooledWidth())))
		}
	case "vae":
		var cfg VAEConfig
		if cfg, err = ReadVAE(file); err == nil {
			cfg.Encode(scope, input("x", 1, 8, 8, 3))
			cfg.Decode(scope, input("z", 1, 1, 1, 4))
		}
	default:
		var cfg TextConfig
		if cfg, err = ReadText(file); err == nil {
			TextTower(scope, cfg, Parameter(g, "ids", shapes.Make(dtypes.Int32, 1, 2)))
		}
	}
	if err != nil {
		t.Error(err)
	}
}
