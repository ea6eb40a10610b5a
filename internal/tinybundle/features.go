package tinybundle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/addlab/addlab/internal/graphtest"
	"github.com/addlab/addlab/network"
	"github.com/addlab/addlab/network/weights"
)

// ViT is a vision transformer for pictures of 8×8, with random weights in a file: features for students of published models.
func ViT(t testing.TB) (network.ViTConfig, string) {
	t.Helper()
	net := network.ViTConfig{ImageSize: 8, Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch", ImageNet: true}
	store, file := model.NewStore(), filepath.Join(t.TempDir(), "vit.safetensors")
	g := NewGraph(graphtest.Engine(), "features")
	defer g.Finalize()
	model.SetStore(g, store)
	network.ViT(store.Scope("/features"), net, Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 8, 8, 3)), nil)
	f, err := weights.FromStore(store, "/features")
	if err == nil {
		err = weights.Write(file, f, weights.F32)
	}
	if err != nil {
		t.Fatal(err)
	}
	return net, file
}

// Features are the flags that name ViT's network and file.
func Features(t testing.TB) []string {
	t.Helper()
	net, file := ViT(t)
	text, err := json.Marshal(net)
	config := filepath.Join(t.TempDir(), "vit.json")
	if err == nil {
		err = os.WriteFile(config, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--features", file, "--features-net", config}
}
