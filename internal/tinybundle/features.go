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
func ViT(t testing.TB) network.FeatureFiles {
	t.Helper()
	return network.FeatureFiles{"features": FeatureFile(t, network.ViTConfig{ImageSize: 8, Patch: 4, Width: 16, Depth: 1, Heads: 2, Stem: "patch", ImageNet: true})}
}

// FeatureFile is a network for pictures of 8×8 with random weights in a file.
func FeatureFile(t testing.TB, net network.Features) network.FeatureFile {
	t.Helper()
	store, file := model.NewStore(), filepath.Join(t.TempDir(), "features.safetensors")
	g := NewGraph(graphtest.Engine(), "features")
	defer g.Finalize()
	model.SetStore(g, store)
	net.Taps(store.Scope("/features"), Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 8, 8, 3)))
	f, err := weights.FromStore(store, "/features")
	if err == nil {
		err = weights.Write(file, f, weights.F32)
	}
	if err != nil {
		t.Fatal(err)
	}
	return network.FeatureFile{Net: net, File: file}
}

// Features are the flags that name ViT's network and file.
func Features(t testing.TB) []string {
	t.Helper()
	vit := ViT(t)["features"]
	text, err := json.Marshal(vit.Net)
	config := filepath.Join(t.TempDir(), "vit.json")
	if err == nil {
		err = os.WriteFile(config, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--features", vit.File, "--features-net", config}
}
