package tinybundle

import (
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

// Features writes a vision transformer of random weights for students of published models, and gives the flags that name it.
func Features(t testing.TB) []string {
	t.Helper()
	net := network.ViTConfig{ImageSize: 8, Patch: 4, Width: 8, Depth: 1, Heads: 2, Stem: "patch", ImageNet: true}
	store, dir := model.NewStore(), t.TempDir()
	g := NewGraph(graphtest.Engine(), "features")
	defer g.Finalize()
	model.SetStore(g, store)
	network.ViT(store.Scope("/features"), net, Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 8, 8, 3)), nil)
	file, config := filepath.Join(dir, "vit.safetensors"), filepath.Join(dir, "vit.json")
	f, err := weights.FromStore(store, "/features")
	if err == nil {
		err = weights.Write(file, f, weights.F32)
	}
	if err == nil {
		err = os.WriteFile(config, []byte(`{"image_size": 8, "patch_size": 4, "embed_dim": 8, "depth": 1, "num_heads": 2, "stem": "patch", "imagenet": true}`), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--features", file, "--features-net", config}
}
